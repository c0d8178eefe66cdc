package testbed

import (
	"context"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// CacheVariable names the environment variable that says where the jars are
// kept, instead of the user's cache folder.
const CacheVariable = "EVENKEEL_TESTBED_CACHE"

const installHint = "it is needed to run ZooKeeper and Kafka; on Debian and Ubuntu: apt-get install maven default-jdk-headless"

//go:embed poms
var poms embed.FS

// Fetch returns the folder that holds the jars of one set, such as
// "kafka-0.9.0.1" or "zookeeper-3.4.6". If the cache does not have it, Maven
// fetches it and every jar is checked against the set's SHA-256 sums; a line
// about that goes to log, which may be nil. Two processes never fetch the same
// set at once, and a fetch that fails leaves nothing in the cache.
func Fetch(ctx context.Context, set string, log io.Writer) (string, error) {
	pom, err := poms.ReadFile("poms/" + set + ".xml")
	if err != nil {
		return "", fmt.Errorf("testbed: no set of jars %q; there are %s", set, strings.Join(JarSets(), ", "))
	}
	sums, err := poms.ReadFile("poms/" + set + ".sha256")
	if err != nil {
		return "", fmt.Errorf("testbed: %s has no SHA-256 sums: %w", set, err)
	}
	return cached(ctx, set, pom, func(dir string) error {
		progress(log, "fetching the jars of %s", set)
		if err := resolve(ctx, pom, dir); err != nil {
			return fmt.Errorf("testbed: fetch %s: %w", set, err)
		}
		if err := checkSums(dir, string(sums)); err != nil {
			return fmt.Errorf("testbed: fetch %s: %w", set, err)
		}
		return nil
	})
}

// cached returns the cache folder for what source says how to make. If it is
// not there, make fills a temporary folder that then takes its place at once.
func cached(ctx context.Context, name string, source []byte, make func(dir string) error) (string, error) {
	root := os.Getenv(CacheVariable)
	if root == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("testbed: %w; set %s", err, CacheVariable)
		}
		root = filepath.Join(user, "evenkeel", "testbed")
	}
	dir := filepath.Join(root, fmt.Sprintf("%s-%.12x", name, sha256.Sum256(source)))
	if isDir(dir) {
		return dir, nil
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", fmt.Errorf("testbed: cache: %w", err)
	}
	unlock, err := lockFile(ctx, dir+".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if isDir(dir) { // made by whoever held the lock
		return dir, nil
	}
	tmp, err := os.MkdirTemp(root, "."+name+"-")
	if err != nil {
		return "", fmt.Errorf("testbed: cache: %w", err)
	}
	defer os.RemoveAll(tmp)
	if err := make(tmp); err != nil {
		return "", err
	}
	if err := errors.Join(os.Chmod(tmp, 0o755), os.Rename(tmp, dir)); err != nil {
		return "", fmt.Errorf("testbed: cache: %w", err)
	}
	return dir, nil
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// lockFile waits for the exclusive lock of a file, which ends with the process
// at the latest.
func lockFile(ctx context.Context, name string) (unlock func(), err error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("testbed: cache: %w", err)
	}
	err = waitFor(ctx, "wait for the lock "+name, func() error {
		if !tryLock(f) {
			return errors.New("another process is fetching")
		}
		return nil
	})
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return func() { _ = f.Close() }, nil
}

// resolve has Maven copy the jars that a pom names into dir.
func resolve(ctx context.Context, pom []byte, dir string) error {
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return fmt.Errorf("%w: %s", err, installHint)
	}
	file, err := os.CreateTemp("", "evenkeel-*.xml")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(pom)
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	return run(ctx, mvn, "-q", "-B", "-f", file.Name(), "dependency:copy-dependencies",
		"-DoutputDirectory="+dir, "-DincludeScope=runtime")
}

// run runs a tool to its end; if ctx ends first, so does everything that the
// tool has started. The error carries what the tool said.
func run(ctx context.Context, name string, args ...string) error {
	_, _, err := output(ctx, name, args...)
	return err
}

// output is run, with what the tool has written to its standard output and to
// standard error.
func output(ctx context.Context, name string, args ...string) (stdout, stderr string, err error) {
	dir, err := os.MkdirTemp("", "evenkeel-")
	if err != nil {
		return "", "", err
	}
	defer os.RemoveAll(dir)
	// Not pipes, which what the tool leaves behind would hold open.
	var files [2]*os.File
	for i, name := range []string{"stdout", "stderr"} {
		if files[i], err = os.Create(filepath.Join(dir, name)); err != nil {
			return "", "", err
		}
		defer files[i].Close()
	}
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = files[0], files[1]
	if err := spawn(cmd); err != nil {
		return "", "", err
	}
	group := cmd.Process.Pid
	stop := context.AfterFunc(ctx, func() { _ = syscall.Kill(-group, syscall.SIGKILL) })
	defer stop()
	if err := cmd.Wait(); err != nil {
		return "", "", fmt.Errorf("%s: %w\n%s\n%s", strings.Join(cmd.Args, " "), errors.Join(err, context.Cause(ctx)),
			tail(files[0].Name(), 30), tail(files[1].Name(), 30))
	}
	said, err := os.ReadFile(files[0].Name())
	complained, err2 := os.ReadFile(files[1].Name())
	return string(said), string(complained), errors.Join(err, err2)
}
