package audit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pullpass/pullpass/arn"
	"github.com/pullpass/pullpass/internal/awsid"
)

// Proved is the action of a line that tells how a proof ended. It changes nothing, and is kept to show when a cluster was last
// known to pull.
const Proved = "pull:prove"

// A Proof says how it was found that a cluster pulls, or does not.
type Proof struct {
	Account arn.AccountID
	Cluster string
	// Key is the one that was delivered; empty where the proof did not get so far.
	Key awsid.AccessKeyID
	// Time is when the proof ended.
	Time time.Time
	// Broken is the link that was broken; empty where the cluster pulls.
	Broken string
}

// words of a resource of Proved: `cluster NAME accesskey/ID`.
const (
	clusterWord = "cluster "
	keyWord     = " accesskey/"
)

// Effect is the proof as a line has it. The time of a line is its own.
func (p Proof) Effect() Effect {
	e := Effect{Place: Place{Account: p.Account}, Action: Proved, Resource: clusterWord + p.Cluster, Outcome: Outcome{Result: OK}}
	if p.Key != "" {
		e.Resource += keyWord + string(p.Key)
	}
	if p.Broken != "" {
		e.Result = Result(p.Broken)
	}
	return e
}

// LastProofs reads the last proof of each cluster of a share from a trail, in the order in which the clusters come first. A line
// that is not as it was written tells nothing; whether all lines are there is for Verify to say.
func LastProofs(r io.Reader, share string) ([]Proof, error) {
	var all []Proof
	at := map[Proof]int{} // by account and cluster alone
	err := eachLine(r, func(text []byte) {
		l, _, err := decode(text)
		if err != nil || l.Share != share {
			return
		}
		p, ok := l.proof()
		if !ok {
			return
		}
		ref := Proof{Account: p.Account, Cluster: p.Cluster}
		i, seen := at[ref]
		if !seen {
			at[ref], all = len(all), append(all, p)
			return
		}
		all[i] = p
	})
	if err != nil {
		return nil, fmt.Errorf("reading the proofs of the audit trail: %w", err)
	}
	return all, nil
}

func (l line) proof() (p Proof, ok bool) {
	name, ok := strings.CutPrefix(l.Resource, clusterWord)
	if !ok || l.Action != Proved {
		return Proof{}, false
	}
	name, key, _ := strings.Cut(name, keyWord)
	p = Proof{Account: arn.AccountID(l.Account), Cluster: name, Key: awsid.AccessKeyID(key), Time: l.Time}
	if l.Result != OK {
		p.Broken = string(l.Result)
	}
	return p, true
}

// eachLine hands over every line of a text without its newline; one that is longer than any that was written is left out.
func eachLine(r io.Reader, do func(text []byte)) error {
	buffered := bufio.NewReaderSize(r, longestLine+1)
	for {
		text, err := buffered.ReadSlice('\n')
		tooLong := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = buffered.ReadSlice('\n')
		}
		if !tooLong && len(text) > 0 {
			do(bytes.TrimSuffix(text, []byte("\n")))
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
