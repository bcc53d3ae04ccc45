package cli_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/registry"
)

// eksctl stands in eksctl's place. It records what `eksctl anywhere create cluster` gets, in the working directory:
//
//	got/args     its arguments, one a line
//	got/env      its environment, sorted
//	got/config   what EKSA_AWS_CONFIG_FILE holds
//	got/file     that file's path, its mode and that of its directory
//	got/stdin    its standard input
//
// With "check" as its last argument it then checks the access as aws/eks-anywhere does, pkg/curatedpackages: the SDK loads
// the file, ECR is asked for a password, and that must open the registry of EKSA_AWS_REGION. The tag need not exist.
func eksctl() {
	if err := recordCall(); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "eksctl:", err)
		os.Exit(1)
	}
	if os.Args[len(os.Args)-1] != "check" {
		return
	}
	if err := checkAccess(context.Background()); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "eksctl: checking the access:", err)
		os.Exit(1)
	}
	fmt.Println("access granted")
}

func recordCall() error {
	if err := os.MkdirAll("got", 0o700); err != nil {
		return err
	}
	environ := os.Environ()
	slices.Sort(environ)
	file := os.Getenv("EKSA_AWS_CONFIG_FILE")
	config, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	dir, err := os.Stat(filepath.Dir(file))
	if err != nil {
		return err
	}
	stdin, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	var failed []error
	for name, text := range map[string]string{
		"args": strings.Join(os.Args[1:], "\n") + "\n", "env": strings.Join(environ, "\n") + "\n", "config": string(config),
		"file": fmt.Sprintf("%s %v %v\n", file, info.Mode(), dir.Mode()), "stdin": string(stdin),
	} {
		failed = append(failed, os.WriteFile(filepath.Join("got", name), []byte(text), 0o600))
	}
	return errors.Join(failed...)
}

func checkAccess(ctx context.Context) error {
	loaded, err := config.LoadDefaultConfig(ctx, config.WithSharedConfigFiles([]string{os.Getenv("EKSA_AWS_CONFIG_FILE")}))
	if err != nil {
		return err
	}
	out, err := ecr.NewFromConfig(loaded).GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		return err
	}
	opened, err := registry.ForRegion(arn.Region(os.Getenv("EKSA_AWS_REGION")))
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+opened.Host()+"/v2/eks-anywhere-packages/manifests/latest", http.NoBody)
	if err != nil {
		return err
	}
	token := aws.ToString(out.AuthorizationData[0].AuthorizationToken)
	if text, err := base64.StdEncoding.DecodeString(token); err != nil || !strings.HasPrefix(string(text), "AWS:") {
		return fmt.Errorf("no password for user AWS: %w", err)
	}
	request.Header.Set("Authorization", "Basic "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusNotFound {
		return fmt.Errorf("%s answers %s", opened.Host(), response.Status)
	}
	return nil
}
