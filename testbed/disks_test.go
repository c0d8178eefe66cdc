package testbed

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFailDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	kept := filepath.Join(dir, "kept")
	if err := errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(kept, []byte("x"), 0o644)); err != nil {
		t.Fatal(err)
	}
	s := &Server{name: "broker 0", disks: []disk{{path: dir}}}
	if err := s.MendDisk(0); err == nil {
		t.Error("mends a disk that has not failed")
	}
	if err := s.FailDisk(0); err != nil {
		t.Fatal(err)
	}
	if err := s.FailDisk(0); err == nil {
		t.Error("a disk fails twice")
	}
	if _, err := os.ReadFile(kept); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reading from a failed disk gave %v", err)
	}
	if err := os.MkdirAll(dir, 0o755); err == nil {
		t.Error("a failed disk can be made anew")
	}
	if err := s.MendDisk(0); err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadFile(kept); err != nil {
		t.Errorf("reading from a mended disk: %v", err)
	}
	if err := s.FillDisk(0); err == nil || !strings.Contains(err.Error(), "Spec.LogDirBytes") {
		t.Errorf("filling a disk without a size of its own gave %v", err)
	}
	if err := s.FailDisk(1); err == nil || !strings.Contains(err.Error(), "it has 1") {
		t.Errorf("failing a disk that is not there gave %v", err)
	}
}
