package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// mark notes that n is where path was written.
func (d *decoder) mark(path string, n *yaml.Node) {
	if d.lines != nil {
		d.lines[path] = n.Line
	}
}

// errorf returns an error of one line that says where path was written. What
// it formats must be of one line itself: foreign texts go through %q.
func (d *decoder) errorf(path, format string, args ...any) error {
	return fmt.Errorf("%s: %w", d.place(path), fmt.Errorf(format, args...))
}

// place names the flag, or the line and the key. A key that is not there gets
// the line of the nearest parent that is.
func (d *decoder) place(path string) string {
	for at := path; ; at = parentPath(at) {
		if flag, ok := d.flags[at]; ok {
			return flag
		}
		if line, ok := d.lines[at]; ok {
			return strings.TrimSuffix(fmt.Sprintf("%s:%d: %s", d.file, line, path), ": ")
		}
		if at == "" {
			return path
		}
	}
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// joinPath appends a key to a path, quoted where it could be misread.
func joinPath(path, key string) string {
	if !plainKey.MatchString(key) {
		key = strconv.Quote(key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// parentPath takes the last key or index off a path; the parent of all is "".
func parentPath(path string) string {
	return path[:max(strings.LastIndexAny(path, ".["), 0)]
}
