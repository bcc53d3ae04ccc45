package cli_test

import (
	"encoding/json"
	"path/filepath"
	"slices"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/verify"
	"github.com/pullpass/pullpass/sandbox/sandboxtest"
)

// asked is what pullpass explain says without a share, with the access to both sides.
func (b *bench) asked(args ...string) explain.Report {
	b.t.Helper()
	args = append([]string{"explain", "-o", "json", "--sandbox", filepath.Join(b.dir, "box"),
		"--profile", string(sandboxtest.Source), "--profile", string(sandboxtest.Destination)}, args...)
	code, stdout, stderr := b.run("", args...)
	var reports []explain.Report
	if err := json.Unmarshal([]byte(stdout), &reports); err != nil || len(reports) != 1 {
		b.t.Fatalf("%q: exit code %d, %v\n%s%s", args, code, err, stdout, stderr)
	}
	return reports[0]
}

// checkFile checks that a config file alone tells as much, but for what only a share knows.
func (s setup) checkFile(b *bench) {
	b.t.Helper()
	if s.fault.link == verify.LinkConfig || s.maker == byElsewhere {
		return // What a share says is missing, or is for a registry that only a share names.
	}
	report := b.asked("--config", filepath.Join(b.dir, "out", "store-001", "aws-config"))
	s.checkAnswer(b, report)
	if report.Cause == nil {
		b.t.Errorf("no cause is named: %s", shown(report))
		return
	}
	// Without a share it is not known whether the file or the trust is as it should be: the file can be changed by whoever asks.
	if report.Cause.Account == "" && report.Cause.Link == verify.LinkRole {
		report.Cause.Account = s.fault.account
	}
	if _, diffs := s.named(report); len(diffs) > 0 && !s.fault.byShare {
		b.t.Errorf("of the file alone a wrong cause: %s\n%s", diffs, shown(report))
	}
}

// call is the call that a link of the share's chain makes.
func (b *bench) call(link verify.Link) (principal arn.ARN, action, resource string) {
	artifact := registry.Probe()
	repository := arn.Repository(sandboxtest.Region, "346438352937", artifact.Repository).String()
	switch link {
	case verify.LinkRole:
		return b.user, "sts:AssumeRole", b.role.String()
	case verify.LinkToken:
		return b.role, "ecr:GetAuthorizationToken", "*"
	case verify.LinkManifest:
		return b.role, "ecr:BatchGetImage", repository
	case verify.LinkLayer:
		return b.role, "ecr:GetDownloadUrlForLayer", repository
	default:
		b.t.Fatalf("link %s asks no policy", link)
		return arn.ARN{}, "", ""
	}
}

// checkCall checks that a call that nobody made is read like one that was refused.
func (s setup) checkCall(b *bench) {
	b.t.Helper()
	asking := []verify.Link{verify.LinkRole, verify.LinkToken, verify.LinkManifest, verify.LinkLayer}
	if !slices.Contains(asking, s.fault.link) || s.maker == byElsewhere || s.fault.account == "" {
		return // No policy decides, or none without the file, or another registry's.
	}
	principal, action, resource := b.call(s.fault.link)
	report := b.asked("--principal", principal.String(), "--action", action, "--resource", resource)
	if report.Answered != nil || report.Outcome == explain.Works {
		b.t.Errorf("AWS is said to have answered, or the call to work: %s", shown(report))
	}
	if report.Cause == nil {
		if report.Conclusion != explain.Open || len(report.Unread) == 0 {
			b.t.Errorf("no cause is named, the conclusion is %s: %s", report.Conclusion, shown(report))
		}
		return
	}
	report.Cause.Link = s.fault.link // It has one link, called action.
	if _, diffs := s.named(report); len(diffs) > 0 && !s.fault.byShare {
		b.t.Errorf("of the call alone a wrong cause: %s\n%s", diffs, shown(report))
	}
}
