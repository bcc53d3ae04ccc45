package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/atomicfile"
	"github.com/pullpass/pullpass/internal/fieldcheck"
	"github.com/pullpass/pullpass/internal/pause"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/share"
	"github.com/pullpass/pullpass/sandbox"
)

// fieldcheckOptions are those of `pullpass fieldcheck`.
type fieldcheckOptions struct {
	cloudFlags
	source, destination, region, subscription string
	only                                      []string
	report                                    string
	wait                                      time.Duration
	yes, clean                                bool
}

// mostWait leaves the other checks their time: one check waits up to four times as long.
const mostWait = fieldcheck.MostTime / 10

func (a *app) fieldcheckCommand() *cobra.Command {
	var o fieldcheckOptions
	cmd := &cobra.Command{
		Use:   "fieldcheck --source PROFILE --destination PROFILE",
		Short: "Check with two AWS accounts what only AWS can tell",
		Long: `Asks AWS, with two accounts of yours, whether it does what pullpass and its sandbox take for granted: the texts of
denials, the codes for bad keys, the limits on clocks and sizes, how long new things take to be known, what the registry
answers. Each check also runs against a new sandbox in this process, and the report has both side by side. It names no
account, key, id or date, so that it can be shown to anybody.

Everything is made below the path /pullpass/fieldcheck/ and tagged, and is removed at the end, also after Ctrl-C and
after a check that failed. What a run that was killed has left, --clean removes. What bears no such tag is never touched.
docs/field-check.md says what is checked, and how to read the report.

The report goes to stdout, or into a file with --report. The exit code is 0 if nothing differs, 5 if something does, and 1
if a check or the cleaning up failed.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.fieldcheck(cmd.Context(), o) },
	}
	o.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&o.source, "source", "", "the AWS `PROFILE` of an administrator of the source")
	flags.StringVar(&o.destination, "destination", "", "the AWS `PROFILE` of an administrator of the destination, another account")
	flags.StringVar(&o.region, "region", "us-west-2", "the `REGION` of ECR, STS and EKS")
	flags.StringVar(&o.subscription, "subscription", "", "the `ID` of an EKS Anywhere subscription of the source; without it one check is left out")
	flags.StringSliceVar(&o.only, "only", nil, "only the checks of this `ID`, or of this theme (repeatable)")
	flags.StringVar(&o.report, "report", "", "write the report, as Markdown, into this `FILE`")
	flags.DurationVar(&o.wait, "wait", fieldcheck.DefaultPatience, "how long to wait for what may never come, such as the end of a registry token")
	flags.BoolVar(&o.yes, "yes", false, "do not ask for a confirmation")
	flags.BoolVar(&o.clean, "clean", false, "check nothing; remove what interrupted runs have left")
	a.formatFlag(cmd)
	return cmd
}

func (a *app) fieldcheck(ctx context.Context, o fieldcheckOptions) error {
	checks, err := fieldcheck.Select(o.only)
	if err != nil {
		return withHint(usage(err), "the checks are: "+checkNames())
	}
	region, err := arn.ParseRegion(o.region)
	switch {
	case err != nil:
		return usage(err)
	case !inCommercialPartition(region):
		return fmt.Errorf("checking in %s: %w", region, registry.ErrNoRegistry)
	case o.source == "" || o.destination == "":
		return usagef("--source and --destination are needed: a profile of each of the two accounts")
	case o.wait <= 0 || o.wait > mostWait:
		return usagef("--wait %s: want a time of %s at most", o.wait, mostWait)
	}
	return a.withCloud(ctx, o.cloudFlags, func(c *cloud) error {
		config, err := a.field(ctx, c, region, o)
		if err != nil {
			return err
		}
		if o.clean {
			return a.cleanField(ctx, config, o.yes)
		}
		return a.checkField(ctx, config, checks, o)
	})
}

// inCommercialPartition tells Regions under amazonaws.com, which are all that there are packages for.
func inCommercialPartition(region arn.Region) bool {
	_, err := registry.ForRegion(region)
	return !errors.Is(err, registry.ErrNoRegistry)
}

func checkNames() string {
	var names []string
	for _, check := range fieldcheck.Checks() {
		names = append(names, string(check.ID))
	}
	return strings.Join(names, ", ")
}

// field signs in to both accounts.
func (a *app) field(ctx context.Context, c *cloud, region arn.Region, o fieldcheckOptions) (fieldcheck.Config, error) {
	config := fieldcheck.Config{
		Region: region, Subscription: o.subscription, HTTPClient: c.client(), Now: a.env.Now, Wait: a.env.Wait,
		Patience: o.wait, Random: a.env.Random, Progress: func(what string) { a.progress("%s", what) },
	}
	if config.Wait == nil {
		config.Wait = pause.InRealTime
	}
	var err error
	if config.Source, err = a.side(ctx, c, region, o.source); err != nil {
		return config, err
	}
	if config.Destination, err = a.side(ctx, c, region, o.destination); err != nil {
		return config, err
	}
	if config.Source.Account == config.Destination.Account {
		return config, usagef("both profiles lead to account %s: source and destination are two accounts", config.Source.Account)
	}
	return config, nil
}

func (a *app) side(ctx context.Context, c *cloud, region arn.Region, profile string) (fieldcheck.Side, error) {
	if err := c.checkProfile(profile); err != nil {
		return fieldcheck.Side{}, err
	}
	clients, err := c.factory(a, region).For(ctx, share.Access{Profile: profile}, region)
	if err != nil {
		return fieldcheck.Side{}, err
	}
	caller, err := clients.Caller(ctx)
	if err != nil {
		return fieldcheck.Side{}, fmt.Errorf("signing in with profile %s: %w", profile, err)
	}
	return fieldcheck.Side{
		Account: caller.Account, IAM: clients.IAM, Subscriptions: clients.Subscriptions,
		Keys: func(ctx context.Context) (aws.Credentials, error) {
			return clients.IAM.Options().Credentials.Retrieve(ctx)
		},
	}, nil
}

func (a *app) cleanField(ctx context.Context, config fieldcheck.Config, yes bool) error {
	f, err := fieldcheck.New(config)
	if err != nil {
		return err
	}
	if !a.quiet || !yes {
		a.say("This removes what field checks have tagged as their own: in %s and %s the users, roles and policies below %s,\n"+
			"in %s the repositories of %s below it.", f.Source.Account, f.Destination.Account, fieldcheck.Path, f.Source.Account, f.Region)
	}
	if err := a.confirm(ctx, yes, "Remove them?"); err != nil {
		return err
	}
	if err := f.Clean(ctx); err != nil {
		return err
	}
	a.progress("nothing is left")
	return nil
}

// errDiffers says that AWS does something else than the sandbox.
var errDiffers = errors.New("something differs")

func (a *app) checkField(ctx context.Context, config fieldcheck.Config, checks []fieldcheck.Check, o fieldcheckOptions) error {
	f, err := fieldcheck.New(config)
	if err != nil {
		return err
	}
	if !a.quiet || !o.yes {
		a.announce(f, len(checks))
	}
	if err := a.confirm(ctx, o.yes, "Make and remove all that?"); err != nil {
		return err
	}
	expected, err := a.checkSandbox(ctx, config, checks)
	if ctx.Err() != nil {
		return errInterrupted
	}
	if err != nil {
		return fmt.Errorf("running the checks against a sandbox: %w", err)
	}
	seen, failed := f.Run(ctx, checks)
	report := fieldcheck.Report{Field: "AWS", Region: string(config.Region), Rows: fieldcheck.Compare(checks, seen, expected)}
	if o.sandbox != "" {
		report.Field = "a sandbox"
	}
	if err := a.writeFieldReport(report, o.report); err != nil {
		return errors.Join(failed, err)
	}
	switch {
	case failed != nil:
		return withHint(failed, "pullpass fieldcheck --clean, with the same profiles, goes on removing")
	case ctx.Err() != nil:
		return fmt.Errorf("%w; what was made is removed", errInterrupted)
	case report.Count(fieldcheck.Failed) > 0:
		return errIncomplete
	case report.Count(fieldcheck.Differs) > 0:
		return errDiffers
	}
	return nil
}

// announce says what a run makes before it makes it.
func (a *app) announce(f *fieldcheck.Field, checks int) {
	a.say(`This field check, %s, runs %d checks.
  in %s (source)       it makes users with keys, roles and policies, and one ECR repository in %s with an image of 2 KiB
  in %s (destination)  it makes users with keys
IAM's are below %s, the repository has the same path; all are tagged %s=%s
and removed at the end. What the users may do: assume these roles, list users and roles, read that repository.
It sends at most %d requests, begins nothing more after %s, and then cleans up for some minutes at most.
IAM and STS cost nothing; the repository holds its 2 KiB for minutes, which no bill shows.`,
		f.RunID(), checks, f.Source.Account, f.Region, f.Destination.Account, fieldcheck.Path+f.RunID()+"/", fieldcheck.Tag, f.RunID(),
		fieldcheck.MostCalls, fieldcheck.MostTime)
}

// checkSandbox runs the checks against a new sandbox with the same accounts. It has fair weather, so that no wait is needed.
func (a *app) checkSandbox(
	ctx context.Context, config fieldcheck.Config, checks []fieldcheck.Check,
) (seen map[fieldcheck.ID]fieldcheck.Observation, err error) {
	dir, err := os.MkdirTemp(a.env.TempDir, "pullpass-fieldcheck-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	box, err := a.serveSandbox(ctx, dir, sandboxSeed(config))
	if err != nil {
		return nil, err
	}
	c, err := box.cloud()
	if err != nil {
		return nil, errors.Join(err, box.close(ctx))
	}
	defer func() { err = errors.Join(err, c.close(ctx)) }()
	config.HTTPClient, config.Progress = c.client(), nil
	config.Wait = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	for _, side := range []*fieldcheck.Side{&config.Source, &config.Destination} {
		if *side, err = a.side(ctx, c, config.Region, string(side.Account)); err != nil {
			return nil, err
		}
	}
	a.progress("the checks against a new sandbox, for comparison")
	f, err := fieldcheck.New(config)
	if err != nil {
		return nil, err
	}
	return f.Run(ctx, checks)
}

// sandboxSeed is a sandbox with the accounts that are checked. A subscription stands for the packages registry, which is
// there whether the source has one or not.
func sandboxSeed(config fieldcheck.Config) sandbox.Seed {
	source := sandbox.Account{ID: config.Source.Account}
	id := config.Subscription
	if id == "" {
		id = "none-given"
	}
	if _, err := registry.ForRegion(config.Region); err == nil {
		source.Subscriptions = []sandbox.Subscription{{ID: id, Region: config.Region}}
	}
	return sandbox.Seed{Accounts: []sandbox.Account{source, {ID: config.Destination.Account}}}
}

func (a *app) writeFieldReport(report fieldcheck.Report, file string) error {
	if file != "" {
		var text bytes.Buffer
		if err := report.WriteMarkdown(&text); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
		if err := atomicfile.Write(file, text.Bytes(), 0o644); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	return a.result(report, func(w io.Writer) error {
		if file == "" {
			return report.WriteMarkdown(w)
		}
		_, err := fmt.Fprintln(w, report.Summary())
		return err
	})
}
