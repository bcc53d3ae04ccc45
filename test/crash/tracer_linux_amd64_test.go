package crash

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// traces says that a tracer sees what its process does to files.
const traces = true

// What ptrace(2) and seccomp(2) name, and package syscall does not.
const (
	traceSeccomp = 0x80
	exitKill     = 0x100000
	eventSeccomp = 7
	syscallStop  = syscall.SIGTRAP | 0x80
	// ownThread has wait4 tell of the children and tracees of this thread alone.
	ownThread = 0x20000000
	allKinds  = 0x40000000
	retTrace  = 0x7ff00000
	retAllow  = 0x7fff0000
)

// calls are those that change a file or a directory; open does with some flags, write in a file.
func calls() []uint32 {
	return []uint32{
		unix.SYS_OPENAT, unix.SYS_WRITE, unix.SYS_PWRITE64, unix.SYS_WRITEV, unix.SYS_FTRUNCATE, unix.SYS_FCHMOD, unix.SYS_FCHMODAT,
		unix.SYS_MKDIR, unix.SYS_MKDIRAT, unix.SYS_RENAME, unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2, unix.SYS_LINKAT, unix.SYS_SYMLINKAT,
		unix.SYS_UNLINK, unix.SYS_UNLINKAT, unix.SYS_RMDIR,
	}
}

// followed lets a tracer stop every thread of this process at these calls, and at no others.
func followed() error {
	program := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}} // the number of the call
	for i, number := range calls() {
		program = append(program, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: uint8(len(calls()) - i), K: number})
	}
	program = append(program,
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: retAllow}, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: retTrace})
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	loaded := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&loaded)))
	if errno != 0 {
		return errno
	}
	return nil
}

// follow runs a program to its end, or to that which it is given.
func (t *tracer) follow(path string, args []string, files []*os.File) error {
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // The one that traces, which ends with the goroutine.
		failed <- t.trace(path, args, files)
	}()
	return <-failed
}

func (t *tracer) trace(path string, args []string, files []*os.File) error {
	process, err := os.StartProcess(path, args, &os.ProcAttr{Files: files, Sys: &syscall.SysProcAttr{Ptrace: true}})
	if err != nil {
		return err
	}
	defer func() { _ = process.Release() }() // It is waited for here.
	pid, status := process.Pid, syscall.WaitStatus(0)
	if _, err := syscall.Wait4(pid, &status, allKinds, nil); err != nil {
		return err
	}
	if err := syscall.PtraceSetOptions(pid, syscall.PTRACE_O_TRACECLONE|syscall.PTRACE_O_TRACESYSGOOD|traceSeccomp|exitKill); err != nil {
		return err
	}
	if err := syscall.PtraceCont(pid, 0); err != nil {
		return err
	}
	for {
		thread, err := syscall.Wait4(-1, &status, allKinds|ownThread, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return fmt.Errorf("waiting for a thread: %w", err)
		case thread == pid && (status.Exited() || status.Signaled()):
			return nil
		case status.Stopped():
			if err := t.stopped(pid, thread, status); err != nil && !errors.Is(err, syscall.ESRCH) { // It was killed meanwhile.
				return err
			}
		}
	}
}

func (t *tracer) stopped(pid, thread int, status syscall.WaitStatus) error {
	signal := status.StopSignal()
	switch {
	case signal == syscallStop && thread == t.leaving:
		return syscall.Kill(pid, syscall.SIGKILL)
	case signal == syscall.SIGTRAP && status>>16 == eventSeccomp:
		return t.called(pid, thread)
	case signal == syscall.SIGTRAP, signal == syscall.SIGSTOP: // a thread that begins
		return syscall.PtraceCont(thread, 0)
	}
	return syscall.PtraceCont(thread, int(signal))
}

// called is where a thread is about to make one of the calls.
func (t *tracer) called(pid, thread int) error {
	var registers syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(thread, &registers); err != nil {
		return err
	}
	what, err := t.describe(thread, registers)
	if err != nil {
		return err
	}
	if what == "" || t.reached {
		return syscall.PtraceCont(thread, 0)
	}
	t.seen[effect(what)]++
	at := effect(fmt.Sprintf("%s #%d", what, t.seen[effect(what)]))
	if at != t.at {
		t.passed = append(t.passed, at)
		return syscall.PtraceCont(thread, 0)
	}
	t.reached = true
	if t.stop == before {
		return syscall.Kill(pid, syscall.SIGKILL)
	}
	t.leaving = thread
	return syscall.PtraceSyscall(thread, 0)
}

// cwd is the directory that a path is relative to which comes without one.
const cwd = ^uint64(99) // AT_FDCWD

// describe says what a call changes below the root; empty for nothing.
func (t *tracer) describe(thread int, r syscall.PtraceRegs) (string, error) {
	switch r.Orig_rax {
	case unix.SYS_OPENAT:
		if r.Rdx&(syscall.O_CREAT|syscall.O_TRUNC) == 0 {
			return "", nil
		}
		return t.named("open", thread, r.Rdi, r.Rsi)
	case unix.SYS_WRITE, unix.SYS_PWRITE64, unix.SYS_WRITEV:
		return t.opened("write", thread, r.Rdi), nil
	case unix.SYS_FTRUNCATE:
		return t.opened("truncate", thread, r.Rdi), nil
	case unix.SYS_FCHMOD:
		return t.opened("chmod", thread, r.Rdi), nil
	case unix.SYS_MKDIR:
		return t.named("mkdir", thread, cwd, r.Rdi)
	case unix.SYS_UNLINK, unix.SYS_RMDIR:
		return t.named("remove", thread, cwd, r.Rdi)
	case unix.SYS_RENAME:
		return t.named("rename", thread, cwd, r.Rsi)
	case unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2, unix.SYS_LINKAT:
		return t.named("rename", thread, r.Rdx, r.R10)
	case unix.SYS_SYMLINKAT:
		return t.named("link", thread, r.Rsi, r.Rdx)
	case unix.SYS_UNLINKAT:
		return t.named("remove", thread, r.Rdi, r.Rsi)
	case unix.SYS_MKDIRAT:
		return t.named("mkdir", thread, r.Rdi, r.Rsi)
	case unix.SYS_FCHMODAT:
		return t.named("chmod", thread, r.Rdi, r.Rsi)
	}
	return "", fmt.Errorf("call %d is followed, and nothing tells what it changes", r.Orig_rax)
}

// named reads the path that a call gives by its address, and that of the directory which it is relative to.
func (t *tracer) named(what string, thread int, dir, address uint64) (string, error) {
	text := make([]byte, 4096)
	n, err := syscall.PtracePeekData(thread, uintptr(address), text)
	path, _, ended := strings.Cut(string(text[:n]), "\x00")
	if !ended {
		return "", fmt.Errorf("reading a path: %w", err)
	}
	if !filepath.IsAbs(path) {
		link := fmt.Sprintf("/proc/%d/fd/%d", thread, int32(dir))
		if int32(dir) == unix.AT_FDCWD {
			link = fmt.Sprintf("/proc/%d/cwd", thread)
		}
		base, err := os.Readlink(link)
		if err != nil {
			return "", err
		}
		path = filepath.Join(base, path)
	}
	return t.below(what, path), nil
}

// opened finds the path of a file that was opened; a call whose file is not open fails.
func (t *tracer) opened(what string, thread int, fd uint64) string {
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", thread, fd))
	if err != nil {
		return ""
	}
	return t.below(what, path)
}

// random are the parts of names that are others in every run: those of temporary files, and ids of runs.
var random = regexp.MustCompile(`(?m)\.[0-9]+$|[0-9]{8}T[0-9]{6}Z\.[0-9a-f]+\.[a-z]+_?[0-9a-f]*`)

func (t *tracer) below(what, path string) string {
	within, err := filepath.Rel(t.root, path)
	if err != nil || strings.HasPrefix(within, "..") || strings.HasPrefix(within, "box") {
		return ""
	}
	return what + " " + random.ReplaceAllString(within, "*")
}
