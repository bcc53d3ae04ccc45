package lab

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"time"
)

// Bytes is an amount of memory.
type Bytes int64

func (b Bytes) String() string { return fmt.Sprintf("%d MiB", b>>20) }

// glance is the time from one look at a program's memory to the next. Only what it grows after the last one is missed.
const glance = 10 * time.Millisecond

// peakOf is the most memory that a running process had resident at once: VmHWM of proc_pid_status(5), which is in KiB; 0 once
// the process has ended. What is told of it then, ru_maxrss of getrusage(2), is not its own: where a program takes the place of
// the one that started it, as here, it counts the memory of that as well.
func peakOf(pid int) Bytes {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for lines := bufio.NewScanner(bytes.NewReader(status)); lines.Scan(); {
		var kib Bytes
		if n, err := fmt.Sscanf(lines.Text(), "VmHWM: %d kB", &kib); err == nil && n == 1 {
			return kib << 10
		}
	}
	return 0
}

// watchPeak looks at a process from now on; the function that it returns ends that, and tells the peak.
func watchPeak(pid int) (stop func() Bytes) {
	done, peak := make(chan struct{}), make(chan Bytes)
	go func() {
		ticker := time.NewTicker(glance)
		defer ticker.Stop()
		var most Bytes
		for {
			most = max(most, peakOf(pid))
			select {
			case <-ticker.C:
			case <-done:
				peak <- most
				return
			}
		}
	}()
	return func() Bytes {
		close(done)
		return <-peak
	}
}
