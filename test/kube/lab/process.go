package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

const (
	// between is the time from one look at a server that starts to the next.
	between = 50 * time.Millisecond
	// tail is how much of a server's log an error shows.
	tail = 4 << 10
)

// A process is a server that this package started and will end by its handle.
type process struct {
	name  string
	cmd   *exec.Cmd
	log   string
	ended chan struct{} // closed when it has, and was waited for
}

// startProcess starts a program whose output goes to the end of a log file. It dies with the test program, however that ends.
func startProcess(log, path string, args ...string) (*process, error) {
	output, err := os.OpenFile(log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening a log: %w", err)
	}
	p := &process{name: filepath.Base(path), cmd: exec.Command(path, args...), log: log, ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = output, output
	p.cmd.Env = []string{"HOME=" + filepath.Dir(log)}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := errors.Join(p.cmd.Start(), output.Close()); err != nil {
		return nil, fmt.Errorf("starting %s: %w", p.name, err)
	}
	go func() {
		_ = p.cmd.Wait() // Its status is in ProcessState, and only a failed start asks for it.
		close(p.ended)
	}()
	return p, nil
}

// await returns once ready does so without an error. It fails when the process ends, or the context.
func (p *process) await(ctx context.Context, ready func(context.Context) error) error {
	ticker := time.NewTicker(between)
	defer ticker.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s ended: %s: %s", p.name, p.cmd.ProcessState, p.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w: %s", p.name, err, p.lastWords())
		case <-ticker.C:
		}
	}
}

// kill ends the process as a crash does, and returns the most memory that it took.
func (p *process) kill() Bytes {
	peak := peakOf(p.cmd.Process.Pid)
	_ = p.cmd.Process.Kill() // It fails only where the process has ended, which is what is wanted.
	<-p.ended
	return peak
}

// lastWords is the end of the log.
func (p *process) lastWords() []byte {
	content, err := os.ReadFile(p.log)
	if err != nil {
		return []byte(err.Error())
	}
	return content[max(0, len(content)-tail):]
}
