//go:build linux

package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// A watch is told of every file that was open for writing and is closed, below the mounts that this namespace had when the
// watch began.
type watch struct {
	events *os.File
}

func newWatch() (*watch, error) {
	fd, err := unix.FanotifyInit(unix.FAN_CLASS_NOTIF|unix.FAN_CLOEXEC|unix.FAN_NONBLOCK|unix.FAN_UNLIMITED_QUEUE,
		unix.O_RDONLY|unix.O_LARGEFILE|unix.O_CLOEXEC|unix.O_NONBLOCK) // a FIFO does not hold the watch up
	if err != nil {
		return nil, fmt.Errorf("asking to be told of files, which takes root: %w", err)
	}
	w := &watch{events: os.NewFile(uintptr(fd), "fanotify")}
	mounts, err := writable()
	if err != nil {
		return nil, errors.Join(err, w.events.Close())
	}
	for _, mount := range mounts {
		if err := unix.FanotifyMark(fd, unix.FAN_MARK_ADD|unix.FAN_MARK_MOUNT, unix.FAN_CLOSE_WRITE, unix.AT_FDCWD, mount); err != nil {
			return nil, errors.Join(fmt.Errorf("asking to be told of files in %s: %w", mount, err), w.events.Close())
		}
	}
	return w, nil
}

// writable lists the mount points of file systems that keep files (proc_pid_mountinfo(5)).
func writable() (points []string, err error) {
	table, err := os.ReadFile("/proc/thread-self/mountinfo")
	if err != nil {
		return nil, err
	}
	for lines := bufio.NewScanner(bytes.NewReader(table)); lines.Scan(); {
		before, after, _ := strings.Cut(lines.Text(), " - ")
		fields, kind := strings.Fields(before), strings.Fields(after)
		if len(fields) < 6 || len(kind) < 1 {
			return nil, fmt.Errorf("reading the table of mounts: what is %q?", lines.Text())
		}
		switch kind[0] {
		case "proc", "sysfs", "cgroup", "cgroup2", "devpts", "mqueue", "debugfs", "tracefs", "securityfs", "bpf", "pstore", "devtmpfs", "configfs",
			"fusectl", "hugetlbfs", "binfmt_misc", "autofs", "nsfs", "efivarfs", "rpc_pipefs", "selinuxfs":
			continue // their files are no files, but doors of the kernel
		}
		points = append(points, fields[4])
	}
	return points, nil
}

// each gives the files, open for reading, in the order in which they were closed, until the one of a path was. Who is
// given a file closes it.
func (w *watch) each(last string, give func(*os.File)) error {
	buffer := make([]byte, 4<<10) // a hundred files or so are open at once
	for {
		n, err := w.events.Read(buffer)
		if err != nil {
			return fmt.Errorf("reading which files were closed: %w", err)
		}
		for rest := buffer[:n]; len(rest) > 0; {
			var event unix.FanotifyEventMetadata
			if _, err := binary.Decode(rest, binary.NativeEndian, &event); err != nil {
				return fmt.Errorf("reading which file was closed: %w", err)
			}
			if event.Vers != unix.FANOTIFY_METADATA_VERSION || event.Fd < 0 {
				return fmt.Errorf("reading which file was closed: the kernel lost count (version %d, events %#x)", event.Vers, event.Mask)
			}
			rest = rest[event.Event_len:]
			file := os.NewFile(uintptr(event.Fd), pathOf(int(event.Fd)))
			if file.Name() == last {
				return file.Close()
			}
			give(file)
		}
	}
}

// pathOf is where a file is, or was.
func pathOf(fd int) string {
	path, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		return fmt.Sprintf("a file of unknown name (%v)", err)
	}
	return strings.TrimSuffix(path, " (deleted)")
}

func (w *watch) Close() error { return w.events.Close() }
