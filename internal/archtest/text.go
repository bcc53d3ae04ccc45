package archtest

import (
	"bytes"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// longestText bounds the files that CheckText reads, in bytes.
const longestText = 1 << 20

// CheckText reports lines of text files that name a path of the machine they were written on.
func CheckText(fsys fs.FS) ([]Violation, error) {
	var found []Violation
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if slices.Contains([]string{".git", ".cache", "bin", "out"}, name) {
			return leaveOut(entry)
		}
		if entry.IsDir() {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() || info.Size() > longestText {
			return nil
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		found = append(found, workplaces(name, text)...)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the text files: %w", err)
	}
	return sorted(found), nil
}

func workplaces(name string, text []byte) []Violation {
	workplace := regexp.MustCompile(`(?:^|[^\w.})*-])(/[w]ork/[\w.]|/tmp/[b]rief)`)
	if bytes.IndexByte(text, 0) >= 0 || !workplace.Match(text) {
		return nil
	}
	var found []Violation
	for i, line := range strings.Split(string(text), "\n") {
		if match := workplace.FindStringSubmatch(line); match != nil {
			found = append(found, Violation{name, i + 1, "names the path " + match[1] + "…", "a clone works on any machine"})
		}
	}
	return found
}

// leaveOut skips a directory with all that is in it, or a file: a git worktree has a file called .git.
func leaveOut(entry fs.DirEntry) error {
	if entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}
