// Package cluster reads or writes what an EKS Anywhere cluster holds of a credential.
package cluster

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
)

// A Cluster is one Kubernetes API server, reached with one identity. It is safe for concurrent use.
//
// Kubernetes' objects are asked for one by one, by name wherever the name is known, so that Roles with resourceNames are
// enough. They travel as plain JSON: the few kinds that matter here do not justify the client set of all kinds, with its
// dozen megabytes.
type Cluster struct {
	// name is how errors call the cluster, such as "context store-001".
	name   string
	client rest.Interface
	access Access
	// manager is the management cluster of a workload cluster, nil for others.
	manager *Cluster
}

// String returns how errors call the cluster, such as "context store-001".
func (c *Cluster) String() string { return c.name }

// An object is where one object, or a list of objects, stands in the API, with the words for it in errors.
type object struct {
	// words are such as "Secret eksa-packages/aws-secret".
	words string
	path  []string
	// kind and name are the answer's own; a list has no name.
	kind, name string
}

// params are the query parameters of a request.
type params map[string]string

// get reads an object or a list into what it decodes to.
func (c *Cluster) get(ctx context.Context, what object, query params, into any) error {
	request := c.client.Get().AbsPath(what.path...)
	if err := c.do(ctx, what, request, query, into); err != nil {
		return fmt.Errorf("reading %s in %s: %w", what.words, c, err)
	}
	return nil
}

// create posts a new object to its collection.
func (c *Cluster) create(ctx context.Context, what object, query params, body any) error {
	request := c.client.Post().AbsPath(what.path...)
	if err := c.send(ctx, what, request, query, body); err != nil {
		return fmt.Errorf("creating %s in %s: %w", what.words, c, err)
	}
	return nil
}

// patch changes an object; a patch that is applied creates it where it is not there.
func (c *Cluster) patch(ctx context.Context, what object, kind types.PatchType, query params, body any) error {
	request := c.client.Patch(kind).AbsPath(what.path...)
	if err := c.send(ctx, what, request, query, body); err != nil {
		return fmt.Errorf("writing %s in %s: %w", what.words, c, err)
	}
	return nil
}

// send makes one attempt: who writes decides himself what is repeated, because a change may have been made although its
// answer was lost.
func (c *Cluster) send(ctx context.Context, what object, request *rest.Request, query params, body any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return c.do(ctx, what, request.MaxRetries(0).Body(encoded), query, nil)
}

// do makes a request. That it succeeded is believed only of an answer that is the object.
func (c *Cluster) do(ctx context.Context, what object, request *rest.Request, query params, into any) error {
	for name, value := range query {
		request = request.Param(name, value)
	}
	bounded, cancel := context.WithTimeout(ctx, longestCall)
	defer cancel()
	body, err := ask(bounded, request)
	if err != nil {
		return explain(ctx, err)
	}
	if err := what.isOf(body); err != nil || into == nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("decoding the answer: %w", err)
	}
	return nil
}
