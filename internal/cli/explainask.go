package cli

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/awserror"
	"github.com/pullpass/pullpass/internal/awsid"
	"github.com/pullpass/pullpass/internal/credential"
	"github.com/pullpass/pullpass/internal/explain"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/share"
	"github.com/pullpass/pullpass/internal/verify"
)

// askOptions are what explain is asked about where there is no share: a config file, or a call that nobody made.
type askOptions struct {
	config                      string
	principal, action, resource string
	profiles                    []string
}

// askHelp is what the help of `pullpass explain` says of them.
const askHelp = `--config explains an AWS config file without a share; its Region decides about the registry. --principal, --action and
--resource ask instead what the policies say about a call that nobody made: a user or role (or a session of one), such as
ecr:BatchGetImage, and an ARN or *. AWS is not asked then, so that the answer is a reading of the policies alone. Both use
the profiles of --profile (repeatable, one for each account), else the default access.`

func (o *askOptions) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.config, "config", "", "explain this AWS config `FILE`, without a share")
	cmd.Flags().StringVar(&o.principal, "principal", "", "ask about this user or role, an `ARN`")
	cmd.Flags().StringVar(&o.action, "action", "", "ask about this `SERVICE:ACTION`")
	cmd.Flags().StringVar(&o.resource, "resource", "", "ask about this resource, an `ARN` or *")
	cmd.Flags().StringArrayVar(&o.profiles, "profile", nil, "without a share: read an account with this `PROFILE` (repeatable)")
}

func (o *askOptions) given() bool { return o.config != "" || o.principal != "" }

// oneAction is the form of an action without wildcards ("IAM JSON policy elements: Action", IAM User Guide).
var oneAction = regexp.MustCompile(`^[A-Za-z0-9-]+:[A-Za-z0-9]+$`)

// check finds flags that do not go together, and an action that is none.
func (o *askOptions) check(cmd *cobra.Command) error {
	asked := 0
	for _, flag := range []string{"principal", "action", "resource"} {
		if cmd.Flags().Changed(flag) {
			asked++
		}
	}
	switch {
	case asked > 0 && (asked < 3 || o.principal == "" || o.action == "" || o.resource == ""):
		return usagef("--principal, --action and --resource go together")
	case asked > 0 && !oneAction.MatchString(o.action):
		return usagef("--action %q: want one action with its service, such as ecr:BatchGetImage", o.action)
	case asked > 0 && o.config != "":
		return usagef("--config and --principal are two questions")
	case !o.given() && len(o.profiles) > 0:
		return usagef("--profile is for --config and --principal: a share has an access for each account")
	}
	for _, flag := range []string{"share", "destination", "cluster"} {
		if o.given() && cmd.Flags().Changed(flag) {
			return usagef("--%s is for shares, --config and --principal for what has none", flag)
		}
	}
	return nil
}

// ask explains what the options name.
func (a *app) ask(ctx context.Context, o askOptions, flags cloudFlags, artifact registry.Artifact) (reports []explain.Report, err error) {
	err = a.withCloud(ctx, flags, func(c *cloud) error {
		report, err := a.askOne(ctx, o, c, artifact)
		reports = []explain.Report{report}
		return err
	})
	return reports, err
}

func (a *app) askOne(ctx context.Context, o askOptions, c *cloud, artifact registry.Artifact) (explain.Report, error) {
	if o.config != "" {
		return a.explainConfig(ctx, o, c, artifact)
	}
	return a.explainCall(ctx, o, c)
}

// explainConfig explains a config file.
func (a *app) explainConfig(ctx context.Context, o askOptions, c *cloud, artifact registry.Artifact) (explain.Report, error) {
	src, err := os.ReadFile(o.config)
	if err != nil {
		return explain.Report{}, usage(fmt.Errorf("reading the config file: %w", err))
	}
	file := readFile(explain.File{Name: o.config}, src, nil)
	region := file.Config.Region
	found, err := registry.ForRegion(region)
	if err != nil { // Of a file that names no Region, or one without packages, the chain's first link says so.
		found = registry.Registry{Region: region}
	}
	watch := c.watch(a.env.Now)
	chain := verify.Verify(ctx,
		verify.Input{File: func(context.Context) ([]byte, error) { return src, nil }, Registry: found, Artifact: artifact},
		verify.Config{HTTPClient: &http.Client{Transport: watch}, Now: a.env.Now, Wait: a.env.Wait, Elapse: a.env.Elapse})
	inquiry, err := a.atHand(ctx, o, c, region, accountsIn(file.Config)...)
	if err != nil {
		return explain.Report{}, err
	}
	return inquiry.explain(ctx, explain.Evidence{
		Subject: explain.Subject{Account: keyAccount(file.Config), Config: o.config}, Proofs: chain, File: file, Registry: found,
		Artifact: artifact, Now: a.env.Now(), Skew: watch.skew(),
	}), nil
}

func keyAccount(c credential.Config) arn.AccountID {
	account, err := awsid.Account(c.Key.ID)
	if err != nil {
		return ""
	}
	return account
}

// accountsIn are the accounts that a file speaks of.
func accountsIn(c credential.Config) []arn.AccountID {
	return slices.DeleteFunc([]arn.AccountID{c.RoleARN.Account, keyAccount(c)}, func(id arn.AccountID) bool { return id == "" })
}

// explainCall answers a question about a call.
func (a *app) explainCall(ctx context.Context, o askOptions, c *cloud) (explain.Report, error) {
	query, err := o.query()
	if err != nil {
		return explain.Report{}, err
	}
	query.Now = a.env.Now()
	inquiry, err := a.atHand(ctx, o, c, query.Region, query.Principal.Account, query.Owner())
	if err != nil {
		return explain.Report{}, err
	}
	return inquiry.ask(ctx, query), nil
}

// query reads the question.
func (o *askOptions) query() (explain.Query, error) {
	principal, err := arn.Parse(o.principal)
	if err != nil {
		return explain.Query{}, usagef("--principal %q: %w", o.principal, err)
	}
	if kind := principal.Kind(); kind != "user" && kind != "role" && principal.Session() == "" {
		return explain.Query{}, usagef("--principal %q: want a user, a role, or a session of a role", o.principal)
	}
	query := explain.Query{Principal: principal, Action: o.action, Resource: o.resource}
	if o.resource == "*" {
		return query, nil
	}
	resource, err := arn.Parse(o.resource)
	if err != nil {
		return explain.Query{}, usagef("--resource %q: %w", o.resource, err)
	}
	query.Region = resource.Region
	return query, nil
}

// ask reads what a question is about, and answers it.
func (i *inquiry) ask(ctx context.Context, query explain.Query) explain.Report {
	name := query.Principal
	if name.Session() != "" {
		name = arn.IAM(name.Account, "role", "/", name.Name())
	}
	reader := i.account(ctx, name.Account)
	if name.Kind() == "user" {
		query.Actor = reader.User(ctx, name)
	} else {
		query.Actor = reader.Role(ctx, name)
	}
	if target, err := arn.Parse(query.Resource); err == nil && target.Service == "iam" && target.Kind() == "role" && strings.EqualFold(query.Action, "sts:AssumeRole") {
		query.Target = i.account(ctx, target.Account).Role(ctx, target)
	}
	query.Organizations = i.organizations(ctx, query.Asks(), query.Actor, query.Target)
	return explain.Ask(query)
}

// atHand is an inquiry with the access that there is without a share: the profiles given, else the default one; in a sandbox
// every account's own.
func (a *app) atHand(ctx context.Context, o askOptions, c *cloud, region arn.Region, accounts ...arn.AccountID) (*inquiry, error) {
	if region == "" {
		region = anyRegion
	}
	factory := c.factory(a, region)
	found := map[arn.AccountID]share.Access{}
	given := []share.Access{{Default: true}}
	if c.sandboxed {
		given = nil
		for _, account := range accounts {
			found[account] = share.Access{Profile: string(account)}
		}
	}
	if len(o.profiles) > 0 {
		given = nil
		clear(found)
	}
	for _, profile := range o.profiles {
		if err := c.checkProfile(profile); err != nil {
			return nil, err
		}
		given = append(given, share.Access{Profile: profile})
	}
	maps.Copy(found, a.signIn(ctx, factory, region, given))
	return newInquiry(factory, region, found), nil
}

// anyRegion serves where nothing names one: IAM has none, and STS answers everywhere.
const anyRegion arn.Region = "us-east-1"

// signIn finds out which account each access leads to. One that leads nowhere is said, and stops nothing.
func (a *app) signIn(ctx context.Context, factory *awsclient.Factory, region arn.Region, given []share.Access) map[arn.AccountID]share.Access {
	found := map[arn.AccountID]share.Access{}
	for _, access := range given {
		caller, err := callerOf(ctx, factory, region, access)
		if err != nil {
			a.progress("note: an access cannot be used: %s", awserror.InBrief(err).Error())
			continue
		}
		found[caller.Account] = access
	}
	return found
}

func callerOf(ctx context.Context, factory *awsclient.Factory, region arn.Region, access share.Access) (arn.ARN, error) {
	clients, err := factory.For(ctx, access, region)
	if err != nil {
		return arn.ARN{}, err
	}
	return clients.Caller(ctx)
}
