package engine

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/pullpass/pullpass/internal/simulation"
	"github.com/pullpass/pullpass/test/oracle/cases"
)

// A Node is a running oracle.mjs. It decides one batch at a time.
type Node struct {
	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Scanner
}

// answer is a line that oracle.mjs writes.
type answer struct {
	ID                 string             `json:"id"`
	Decision           simulation.Outcome `json:"decision"`
	IgnoredContextKeys []string           `json:"ignoredContextKeys"`
	Error              string             `json:"error"`
}

// StartNode starts node with the script, whose packages must have been installed beside it. The process ends with ctx, or
// with Close.
func StartNode(ctx context.Context, script string) (*Node, error) {
	process := exec.CommandContext(ctx, "node", script)
	process.Stderr = os.Stderr
	in, err := process.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("making a pipe to node: %w", err)
	}
	out, err := process.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("making a pipe from node: %w", err)
	}
	if err := process.Start(); err != nil {
		return nil, fmt.Errorf("starting node: %w", err)
	}
	n := &Node{process: process, in: in, out: bufio.NewScanner(out)}
	n.out.Buffer(nil, 1<<20)
	return n, nil
}

// Decide answers each case, in the same order.
func (n *Node) Decide(ctx context.Context, batch []*cases.Case) ([]Verdict, error) {
	// Node answers while it is still being asked: both pipes must move at once.
	asked := make(chan error, 1)
	go func() { asked <- n.ask(batch) }()
	verdicts, err := n.answers(batch)
	if err != nil {
		// What stopped the answers may leave ask waiting for a reader: without its pipe it ends.
		err = errors.Join(err, n.in.Close())
	}
	if err = errors.Join(<-asked, err, ctx.Err()); err != nil {
		return nil, fmt.Errorf("asking iam-simulate: %w", err)
	}
	return verdicts, nil
}

func (n *Node) ask(batch []*cases.Case) error {
	w := bufio.NewWriterSize(n.in, 1<<16)
	encoder := json.NewEncoder(w)
	for _, c := range batch {
		if err := encoder.Encode(c.Spelled().Wire()); err != nil {
			return err
		}
	}
	return w.Flush()
}

func (n *Node) answers(batch []*cases.Case) ([]Verdict, error) {
	out := make([]Verdict, len(batch))
	for i, c := range batch {
		if !n.out.Scan() {
			return nil, errors.Join(errors.New("node ended"), n.out.Err())
		}
		var a answer
		if err := json.Unmarshal(n.out.Bytes(), &a); err != nil {
			return nil, fmt.Errorf("reading the answer to case %s: %w", c.ID, err)
		}
		if a.ID != c.ID {
			return nil, fmt.Errorf("case %s was answered where %s was asked", a.ID, c.ID)
		}
		out[i] = Verdict{Decision: a.Decision, Ignored: a.IgnoredContextKeys, Error: a.Error}
		if a.Error != "" {
			out[i].Decision = simulation.Undecided
		}
	}
	return out, nil
}

// Close lets node end, and waits for it.
func (n *Node) Close() error {
	if err := n.in.Close(); err != nil {
		return fmt.Errorf("closing the pipe to node: %w", err)
	}
	if err := n.process.Wait(); err != nil {
		return fmt.Errorf("waiting for node: %w", err)
	}
	return nil
}
