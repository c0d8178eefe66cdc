package testbed

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func TestCachedMakesOnce(t *testing.T) {
	t.Setenv(CacheVariable, t.TempDir())
	var made atomic.Int32
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			dir, err := cached(t.Context(), "set", []byte("source"), func(dir string) error {
				made.Add(1)
				return os.WriteFile(filepath.Join(dir, "x.jar"), []byte("x"), 0o644)
			})
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := os.Stat(filepath.Join(dir, "x.jar")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := made.Load(); n != 1 {
		t.Errorf("made %d times, want once", n)
	}
}

func TestCachedKeepsNothingThatFailed(t *testing.T) {
	cache := t.TempDir()
	t.Setenv(CacheVariable, cache)
	broken := errors.New("a wrong jar")
	for range 2 {
		_, err := cached(t.Context(), "set", []byte("source"), func(dir string) error {
			return errors.Join(broken, os.WriteFile(filepath.Join(dir, "x.jar"), nil, 0o644))
		})
		if !errors.Is(err, broken) {
			t.Errorf("got %v, want %v", err, broken)
		}
	}
	left, err := filepath.Glob(filepath.Join(cache, "*", "*.jar"))
	if err != nil || len(left) > 0 {
		t.Errorf("left in the cache: %v, %v", left, err)
	}
	dir, err := cached(t.Context(), "set", []byte("source"), func(string) error { return nil })
	if err != nil || !isDir(dir) {
		t.Errorf("after the failures: %q, %v", dir, err)
	}
}

func TestCachedBySource(t *testing.T) {
	t.Setenv(CacheVariable, t.TempDir())
	make := func(string) error { return nil }
	first, err1 := cached(t.Context(), "set", []byte("one"), make)
	second, err2 := cached(t.Context(), "set", []byte("two"), make)
	if err := errors.Join(err1, err2); err != nil || first == second {
		t.Errorf("two sources share %s (%v)", first, err)
	}
}

func TestFetchUnknownSet(t *testing.T) {
	if _, err := Fetch(t.Context(), "kafka-1", nil); err == nil || !strings.Contains(err.Error(), "kafka-0.9.0.1") {
		t.Errorf("got %v, want an error that lists the sets", err)
	}
}

func TestMissingToolsSayWhatToInstall(t *testing.T) {
	t.Setenv(CacheVariable, t.TempDir())
	t.Setenv("PATH", t.TempDir())
	t.Setenv("JAVA_HOME", "")
	_, fetchErr := Fetch(t.Context(), "zookeeper-3.4.6", nil)
	_, startErr := Start(t.Context(), Spec{})
	for name, err := range map[string]error{"mvn": fetchErr, "java": startErr} {
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "apt-get install maven default-jdk-headless") {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

func TestRunCarriesWhatTheToolSaid(t *testing.T) {
	err := run(t.Context(), "sh", "-c", "echo no such artifact; exit 3")
	if err == nil || !strings.Contains(err.Error(), "no such artifact") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("got %v", err)
	}
}
