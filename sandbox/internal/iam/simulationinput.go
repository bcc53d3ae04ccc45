package iam

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/authz"
	"github.com/pullpass/pullpass/iampolicy"
	"github.com/pullpass/pullpass/sandbox/internal/api"
	"github.com/pullpass/pullpass/sandbox/internal/simulator"
)

// The lengths of the API reference, in characters.
const (
	shortestAction  = 3
	longestAction   = 128
	shortestKey     = 5
	longestKey      = 256
	longestDocument = 131072
)

// check holds the constraints of the API reference.
func (in *simulationInput) check() error {
	if len(in.ActionNames) == 0 {
		return invalidValue("actionNames", "Member must not be null")
	}
	err := firstError(
		checkEach("actionNames", in.ActionNames, shortestAction, longestAction),
		checkEach("resourceArns", in.ResourceARNs, 1, longestARN),
		checkEach("policyInputList", in.PolicyInputList, 1, longestDocument),
		checkEach("permissionsBoundaryPolicyInputList", in.PermissionsBoundaryPolicyInputList, 1, longestDocument),
		checkLength("resourcePolicy", in.ResourcePolicy, 0, longestDocument),
	)
	if err != nil {
		return err
	}
	for i, entry := range in.ContextEntries {
		if err := entry.check(fmt.Sprintf("contextEntries.%d.member.", i+1)); err != nil {
			return err
		}
	}
	return nil
}

func checkEach(parameter string, values []string, shortest, longest int) error {
	for _, value := range values {
		if err := checkLength(parameter, value, shortest, longest); err != nil {
			return err
		}
	}
	return nil
}

// resources returns the resources of the simulation: "If this parameter is not provided, then the value defaults to *"
// (API_SimulateCustomPolicy).
func (in *simulationInput) resources() ([]string, error) {
	if len(in.ResourceARNs) == 0 {
		return []string{simulator.Everything}, nil
	}
	for _, resource := range in.ResourceARNs {
		if resource == simulator.Everything && len(in.ResourceARNs) == 1 {
			continue
		}
		if _, err := arn.Parse(resource); err != nil {
			return nil, invalidInput("ResourceNames are not in a valid ARN format: %s.", resource)
		}
	}
	return in.ResourceARNs, in.checkHandling()
}

// checkHandling holds which scenarios there are, all of them for one action of EC2. That a scenario lacks resources is no
// error, nor is any option where no resources are named [seen].
func (in *simulationInput) checkHandling() error {
	if in.ResourceHandlingOption == "" || in.ResourceARNs[0] == simulator.Everything {
		return nil
	}
	known := checkChoice("", in.ResourceHandlingOption,
		"EC2-VPC-InstanceStore", "EC2-VPC-InstanceStore-Subnet", "EC2-VPC-EBS", "EC2-VPC-EBS-Subnet") == nil
	for _, action := range in.ActionNames {
		if !known || !strings.EqualFold(action, "ec2:RunInstances") {
			return invalidInput("Invalid input resource handling options. Action does not support resource handling options: %s. "+
				"Please refer to the documentation for more details: "+
				"https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html", action)
		}
	}
	return nil
}

// actions returns the wanted page of the actions. A wildcard in their names is a character like others, and a marker is
// only a place in whatever list of actions comes with it [seen].
func (in *simulationInput) actions() ([]string, page, error) {
	for _, action := range in.ActionNames {
		if !strings.Contains(action, ":") {
			return nil, page{}, invalidInput("The action is invalid since it is missing names")
		}
	}
	most := defaultItems
	if in.MaxItems != nil {
		most = *in.MaxItems
	}
	if err := checkNumber("maxItems", most, 1, mostItems); err != nil {
		return nil, page{}, err
	}
	start := 0
	if in.Marker != "" {
		key, err := readMarker(in.Marker)
		place, notNumber := strconv.ParseUint(key, 10, 16)
		if err != nil || notNumber != nil {
			return nil, page{}, invalidInput("Invalid marker for pagination.")
		}
		start = min(int(place), len(in.ActionNames))
	}
	end := min(start+most, len(in.ActionNames))
	if end == len(in.ActionNames) {
		return in.ActionNames[start:], page{}, nil
	}
	return in.ActionNames[start:end], page{IsTruncated: true, Marker: marker(strconv.Itoa(end))}, nil
}

// simulatedCaller returns the caller that an ARN names: "the ARN of an IAM user, group, or role", and not "of an assumed
// role, federated user, or a service principal" (API_SimulateCustomPolicy). It need not exist. One of the caller's own
// account that does has its unique id too.
func simulatedCaller(c *api.Call, text string) (authz.Principal, error) {
	name, err := arn.Parse(text)
	if err != nil || name.Service != "iam" || name.Account == "" || name.Name() == "" {
		return authz.Principal{}, invalidCaller()
	}
	caller := authz.Principal{Kind: authz.User, Account: name.Account, ARN: text}
	switch name.Kind() {
	case "user", "group":
	case "role":
		caller.Kind, caller.ARN, caller.RoleARN = authz.RoleSession, "", text
	default:
		return authz.Principal{}, invalidCaller()
	}
	if name.Account == c.Account().ID {
		if id, ok := c.World.PrincipalID(name); ok {
			caller.ID = string(id)
		}
	}
	return caller, nil
}

func invalidCaller() error {
	return invalidInput("Invalid caller - Caller must be an IAM user, role or group in this context.")
}

type contextEntry struct {
	Name   string   `query:"ContextKeyName"`
	Type   string   `query:"ContextKeyType"`
	Values []string `query:"ContextKeyValues"`
}

// check holds the constraints on an entry that has the name and the type that it should have.
func (e contextEntry) check(place string) error {
	if e.Name != "" {
		if err := checkLength(place+"contextKeyName", e.Name, shortestKey, longestKey); err != nil {
			return err
		}
	}
	// The order is AWS's own [seen].
	return checkChoice(place+"contextKeyType", e.Type, "binary", "ipList", "booleanList", "ip", "boolean", "numericList",
		"dateList", "numeric", "date", "stringList", "string", "binaryList")
}

func readEntries(entries []contextEntry) ([]simulator.Entry, error) {
	var given []simulator.Entry
	seen := map[string]bool{}
	for _, entry := range entries {
		if err := entry.read(); err != nil {
			return nil, err
		}
		key := strings.ToLower(entry.Name)
		if seen[key] {
			return nil, invalidInput("Duplicate context key: %s.", entry.Name)
		}
		seen[key] = true
		given = append(given, simulator.Entry{Key: entry.Name, Values: entry.Values})
	}
	return given, nil
}

func (e contextEntry) read() error {
	single, isList := strings.CutSuffix(e.Type, "List")
	switch {
	case e.Name == "":
		return invalidInput("ContextKeyName cannot be null or empty.")
	case e.Type == "":
		return invalidInput("Context key %s has invalid type null.", e.Name)
	case len(e.Values) == 0:
		return invalidInput("Context values for context key %s cannot be null or empty.", e.Name)
	case !isList && len(e.Values) > 1:
		return invalidInput("Context key %s expected a single value, but received %d.", e.Type, len(e.Values))
	}
	for _, value := range e.Values {
		if format, err := readValue(single, value); err != nil {
			return invalidInput("Invalid context value for key %s: expected %s.", e.Name, format)
		}
	}
	return nil
}

// readValue returns an error if the value is not of the type, whose format it names. Booleans may be anything [seen].
func readValue(single, value string) (format string, err error) {
	switch single {
	case "numeric":
		_, err = iampolicy.ParseNumber(value)
		return "numeric format", err
	case "date":
		_, err = iampolicy.ParseDate(value)
		return "DateTime format", err
	case "ip":
		_, err = netip.ParseAddr(value)
		return "IP address", err
	case "binary":
		_, err = base64.StdEncoding.DecodeString(value)
		return "base-64 encoded binary format", err
	}
	return "", nil
}
