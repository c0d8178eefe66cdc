package testbed

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRemoveStale(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	alive, lock, err := makeTemporary()
	if err != nil {
		t.Fatal(err)
	}
	left, leftLock, err := makeTemporary()
	if err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(os.TempDir(), folderPrefix+"foreign")
	if err := errors.Join(os.Mkdir(foreign, 0o755), leftLock.Close()); err != nil {
		t.Fatal(err)
	}
	removeStale(os.TempDir())
	if !isDir(alive) || !isDir(foreign) {
		t.Error("removed the folder of a living cluster, or one without a lock")
	}
	if isDir(left) {
		t.Error("the folder of a dead cluster is still there")
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestMakeEmpty(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "data")
	for range 2 { // new, then there but empty
		if got, err := makeEmpty(dir); err != nil || got != dir {
			t.Errorf("%q, %v", got, err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "myid"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := makeEmpty(dir); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("a folder with data: %v", err)
	}
}
