package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsclient"
	"github.com/pullpass/pullpass/internal/registry"
	"github.com/pullpass/pullpass/internal/share"
)

// registryOptions are those of `pullpass registry`.
type registryOptions struct {
	shareFlags
	region, subscription, profile string
}

func (a *app) registryCommand() *cobra.Command {
	var o registryOptions
	cmd := &cobra.Command{
		Use:   "registry",
		Short: "Find the packages registry of a share, a subscription or a Region",
		Long: `Finds the ECR registry that holds the packages, step 1 of AWS's page. Of the share: EKS is asked about its
subscription where there is one and access to the source; then the registry account that the share gives counts, then
the Region table. With --region it does without a share: EKS is asked with --subscription, the table answers otherwise.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.region != "" && cmd.Flags().Changed("share") {
				return usagef("--region goes without a share: give one of --region and --share")
			}
			return a.registry(cmd.Context(), o)
		},
	}
	o.cloudFlags.register(cmd)
	cmd.Flags().StringVarP(&o.file, "share", "f", "share.yaml", "the share document, a `FILE`")
	cmd.Flags().StringVar(&o.region, "region", "", "the `REGION` of the subscription, in place of a share")
	cmd.Flags().StringVar(&o.subscription, "subscription", "", "with --region: the subscription's `ID`")
	cmd.Flags().StringVar(&o.profile, "profile", "", "with --subscription: the AWS `PROFILE` of its account")
	a.formatFlag(cmd)
	return cmd
}

// registryResult is the result of `pullpass registry`.
type registryResult struct {
	Account arn.AccountID `json:"account"`
	Region  arn.Region    `json:"region"`
	Host    string        `json:"host"`
	// By is what named the registry: subscription, share or table.
	By finder `json:"by"`
	// OnPage says that AWS's page lists this account for the Region.
	OnPage       bool                `json:"onPage"`
	Subscription *subscriptionResult `json:"subscription,omitempty"`
}

type subscriptionResult struct {
	ID      string `json:"id"`
	Status  string `json:"status"`
	Expires string `json:"expires,omitempty"`
}

func newSubscriptionResult(s *awsclient.Subscription) *subscriptionResult {
	if s == nil {
		return nil
	}
	r := &subscriptionResult{ID: s.ID, Status: string(s.Status)}
	if !s.Expires.IsZero() {
		r.Expires = s.Expires.UTC().Format(time.RFC3339)
	}
	return r
}

func (a *app) registry(ctx context.Context, o registryOptions) error {
	if o.region == "" {
		if o.subscription != "" || o.profile != "" {
			return usagef("--subscription and --profile go with --region")
		}
		return a.withShare(ctx, o.shareFlags, func(s *session) error { return a.showRegistry(s.located) })
	}
	region, err := arn.ParseRegion(o.region)
	if err != nil {
		return usage(err)
	}
	if o.subscription == "" && (o.profile != "" || o.sandbox != "") {
		return usagef("--profile and --sandbox go with --subscription: without it the table answers, and nothing is asked")
	}
	if o.subscription == "" {
		found, err := fromTable(region)
		if err != nil {
			return err
		}
		return a.showRegistry(found)
	}
	return a.withCloud(ctx, o.cloudFlags, func(c *cloud) error { return a.askEKS(ctx, c, region, o) })
}

func (a *app) askEKS(ctx context.Context, c *cloud, region arn.Region, o registryOptions) error {
	if err := c.checkProfile(o.profile); err != nil {
		return err
	}
	access := share.Access{Profile: o.profile, Default: o.profile == ""}
	clients, err := c.factory(a, region).For(ctx, access, region)
	if err != nil {
		return err
	}
	subscription, err := clients.Subscriptions.Describe(ctx, o.subscription)
	if err != nil {
		return err
	}
	found, err := fromSubscription(share.RegistrySpec{Region: region}, subscription)
	if err != nil {
		return err
	}
	return a.showRegistry(found)
}

func (a *app) showRegistry(found located) error {
	r := registryResult{Account: found.registry.Account, Region: found.registry.Region, Host: found.registry.Host(), By: found.by}
	if row, ok := registry.ByAccount(r.Account); ok && row.Region == r.Region {
		r.OnPage = row.Listed
	}
	r.Subscription = newSubscriptionResult(found.subscription)
	return a.result(r, r.write)
}

func (r registryResult) write(w io.Writer) error {
	words := map[finder]string{
		bySubscription: "as EKS says of the subscription", byShare: "as the share says", byTable: "from the Region table",
	}
	var b strings.Builder
	fmt.Fprintf(&b, "registry      %s\naccount       %s\nregion        %s\nfound         %s\n", r.Host, r.Account, r.Region, words[r.By])
	if !r.OnPage {
		b.WriteString("              AWS's page does not list this account for the Region\n")
	}
	if s := r.Subscription; s != nil {
		fmt.Fprintf(&b, "subscription  %s, %s", s.ID, s.Status)
		if s.Expires != "" {
			fmt.Fprintf(&b, ", until %s", s.Expires)
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}
