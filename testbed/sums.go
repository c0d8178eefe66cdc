package testbed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// checkSums compares the files in dir with sums, whose lines are those of
// sha256sum. Every file that differs, is missing or is not listed is named in
// the error.
func checkSums(dir, sums string) error {
	want := make(map[string]string)
	for line := range strings.Lines(sums) {
		fields := strings.Fields(line)
		if len(fields) != 2 {
			return fmt.Errorf("bad line in the SHA-256 sums: %q", line)
		}
		want[fields[1]] = fields[0]
	}
	got, err := sumFiles(dir)
	if err != nil {
		return err
	}
	var problems []error
	for name, sum := range got {
		switch want[name] {
		case sum:
		case "":
			problems = append(problems, fmt.Errorf("%s is not listed in the SHA-256 sums", name))
		default:
			problems = append(problems, fmt.Errorf("%s has SHA-256 %s, want %s", name, sum, want[name]))
		}
	}
	for name := range want {
		if _, ok := got[name]; !ok {
			problems = append(problems, fmt.Errorf("%s is missing", name))
		}
	}
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(problems...)
}

// sumFiles returns the SHA-256 sum of every file in dir by name.
func sumFiles(dir string) (map[string]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	sums := make(map[string]string)
	for _, e := range entries {
		f, err := os.Open(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		h := sha256.New()
		_, err = io.Copy(h, f)
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
		sums[e.Name()] = hex.EncodeToString(h.Sum(nil))
	}
	return sums, nil
}

// WriteSums fetches a set of jars without a check and writes NAME.sha256 for it
// into folder, which is testbed/poms in a checkout. It is for maintainers who
// have changed a pom, and trusts what Maven brings.
func WriteSums(ctx context.Context, set, folder string) error {
	pom, err := os.ReadFile(filepath.Join(folder, set+".xml"))
	if err != nil {
		return fmt.Errorf("testbed: sums of %s: %w", set, err)
	}
	dir, err := os.MkdirTemp("", "evenkeel-sums-")
	if err != nil {
		return fmt.Errorf("testbed: sums of %s: %w", set, err)
	}
	defer os.RemoveAll(dir)
	if err := resolve(ctx, pom, dir); err != nil {
		return fmt.Errorf("testbed: sums of %s: %w", set, err)
	}
	sums, err := sumFiles(dir)
	if err != nil {
		return fmt.Errorf("testbed: sums of %s: %w", set, err)
	}
	var lines []string
	for name, sum := range sums {
		lines = append(lines, sum+"  "+name+"\n")
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[64:], b[64:]) })
	if err := os.WriteFile(filepath.Join(folder, set+".sha256"), []byte(strings.Join(lines, "")), 0o644); err != nil {
		return fmt.Errorf("testbed: sums of %s: %w", set, err)
	}
	return nil
}
