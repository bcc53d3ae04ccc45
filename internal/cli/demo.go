package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/examples"
	"github.com/pullpass/pullpass/internal/atomicfile"
	"github.com/pullpass/pullpass/internal/plan"
	"github.com/pullpass/pullpass/internal/provision"
	"github.com/pullpass/pullpass/internal/registry"
)

// demoOptions are those of `pullpass demo`.
type demoOptions struct{ dir string }

func (a *app) demoCommand() *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See the whole story on an embedded AWS, with nothing to install or sign up for",
		Long: `Starts an embedded AWS in this process, applies an example share there, proves that four clusters in two accounts
pull, and that a stranger does not. Its files stay, so that you can go on by hand.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), o) },
	}
	cmd.Flags().StringVar(&o.dir, "dir", "", "leave the files in this `DIR` (default: a new temporary one)")
	return cmd
}

// Where the demo keeps what, in its directory.
const (
	demoSandbox = "sandbox"
	demoShare   = "share.yaml"
)

func (a *app) demo(ctx context.Context, o demoOptions) error {
	dir, err := a.demoDir(o.dir)
	if err != nil {
		return fmt.Errorf("making the demo's directory: %w", err)
	}
	d := &demo{app: a, out: a.env.Stdout, dir: dir}
	flags := shareFlags{cloudFlags: cloudFlags{sandbox: filepath.Join(dir, demoSandbox)}, file: filepath.Join(dir, demoShare)}
	d.intro()
	if err := a.withShare(ctx, flags, func(s *session) error { return d.tell(ctx, s) }); err != nil {
		return err
	}
	d.outro(flags)
	return d.err
}

// demoDir makes the directory and puts the share there, unless there is one from before.
func (a *app) demoDir(dir string) (string, error) {
	if dir == "" {
		made, err := os.MkdirTemp(a.env.TempDir, "pullpass-demo-")
		if err != nil {
			return "", err
		}
		dir = made
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	file := filepath.Join(dir, demoShare)
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return dir, err
	}
	return dir, atomicfile.Write(file, examples.Share, 0o600)
}

// demo tells the story. The first failure to write is kept for the end.
type demo struct {
	app   *app
	out   io.Writer
	dir   string
	stage int
	err   error
}

func (d *demo) say(format string, args ...any) {
	if _, err := fmt.Fprintf(d.out, format+"\n", args...); err != nil && d.err == nil {
		d.err = err
	}
}

func (d *demo) heading(format string, args ...any) {
	d.stage++
	d.say("\n%s", d.app.onStdout().paint(green, fmt.Sprintf("%d. "+format, append([]any{d.stage}, args...)...)))
}

func (d *demo) intro() {
	d.heading("An embedded AWS starts, in this process")
	d.say("   111111111111  source: it owns the EKS Anywhere subscription")
	d.say("   999999999999  destination: it runs the clusters store-001 and store-002")
	d.say("   222222222222  destination: it runs the clusters plant-north and plant-south")
	d.say("   888888888888  a stranger")
	d.say("   Every signature is verified and every policy evaluated. State: %s", filepath.Join(d.dir, demoSandbox))
}

func (d *demo) tell(ctx context.Context, s *session) error {
	d.heading("The source asks EKS which registry its subscription opens")
	d.say("   %s, found by %s", s.located.registry.Host(), s.located.by)
	r, err := s.begin(ctx, planOptions{}, true)
	if err != nil {
		return err
	}
	applied, err := d.apply(ctx, r)
	if err = errors.Join(err, s.journal.close(), r.release()); err != nil {
		return err
	}
	if err := d.proofs(ctx, s, applied); err != nil {
		return err
	}
	return d.stranger(ctx, s)
}

func (d *demo) apply(ctx context.Context, r *run) (provision.Result, error) {
	p, err := r.plan(ctx)
	if err != nil {
		return provision.Result{}, err
	}
	d.heading("%s is compared with what both sides have", demoShare)
	for _, side := range p.Sides {
		d.say("   %s  %-11s  %d steps", side.Account, side.Part, len(p.StepsOf(side.Account)))
	}
	d.say("   %s", p.Summary())
	if len(p.Problems) > 0 {
		return provision.Result{}, fmt.Errorf("planning the demo's share: %s", p.Problems[0])
	}
	done, err := provision.Apply(ctx, r.config, p)
	if err != nil {
		return done, err
	}
	d.heading("Each side makes its part, and only its part")
	d.steps(p, done)
	return done, done.Err()
}

// steps are shown in the plan's order, which does not change from run to run.
func (d *demo) steps(p *plan.Plan, done provision.Result) {
	if len(done.Steps) == 0 {
		d.say("   nothing to do: it is all there from before")
	}
	for _, side := range p.Sides {
		for _, step := range done.In(side.Account) {
			d.say("   %s  %-7s  %s", side.Account, step.Step.Verb, step.Step.Target)
		}
	}
}

func (d *demo) proofs(ctx context.Context, s *session, applied provision.Result) error {
	d.heading("Each cluster's file is proven, by pulling with it and nothing else")
	report := s.verify(ctx, registry.Probe(), applied.Count(provision.Done) > 0)
	for _, c := range report.Clusters {
		var links []string
		for _, p := range c.Proofs {
			links = append(links, fmt.Sprintf("%s %s", p.Link, map[bool]string{true: "ok", false: p.Outcome}[p.Detail != ""]))
		}
		d.say("   %s  %-11s  %s", c.Account, c.Cluster, strings.Join(links, " > "))
		if link := c.broken(); link != nil {
			d.say("                 %s", link.Error)
		}
	}
	d.say("   %d of %d clusters pull %s", report.proven(), len(report.Clusters), report.Artifact)
	return report.err()
}

func (d *demo) outro(f shareFlags) {
	on := fmt.Sprintf("-f %s --sandbox %s", f.file, f.sandbox)
	d.heading("Go on by hand")
	d.say("   pullpass plan %s", on)
	d.say("   pullpass verify %s", on)
	d.say("   pullpass secret -f %s --cluster store-001", f.file)
	d.say("   pullpass audit verify -f %s", f.file)
	d.say("   pullpass sandbox serve --dir %s   (and any AWS client: pullpass sandbox env --help)", f.sandbox)
}
