//go:build cluster

package acceptance

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is evenkeel, built once for all tests, with the race detector in it unless
// its memory is to be measured.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "evenkeel-acceptance-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "evenkeel")
	build := exec.Command("go", "build", fmt.Sprintf("-race=%t", detectRaces), "-o", binary, "..")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	code := 1
	if err := build.Run(); err == nil {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// program is a running evenkeel.
type program struct {
	t   *testing.T
	cmd *exec.Cmd
	url string
	log *logBuffer
}

// logBuffer collects what the program writes.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// start runs evenkeel with the flags, at a free port, until the test's end, and
// returns when it listens.
func start(t *testing.T, flags ...string) *program {
	t.Helper()
	p := launch(t, flags...)
	t.Cleanup(p.stop)
	p.awaitListening()
	return p
}

// launch runs evenkeel with the flags, at a free port, until the caller stops it.
func launch(t *testing.T, flags ...string) *program {
	t.Helper()
	p := &program{t: t, log: &logBuffer{}}
	address := freeAddress(t)
	p.url = "http://" + address
	p.cmd = exec.Command(binary, append(flags, "--web.listen-address="+address)...)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *program) awaitListening() {
	p.t.Helper()
	p.await("it listens", 15*time.Second, func() error {
		_, err := p.get("/-/healthy")
		return err
	})
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// stop ends the program as a service manager does, and demands that it ends well:
// in time, with status 0, without a data race.
func (p *program) stop() {
	if p.cmd.ProcessState != nil {
		return
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Errorf("stop evenkeel: %v", err)
	}
	done := make(chan error, 1)
	go func() { done <- p.cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			p.t.Errorf("evenkeel ended badly: %v", err)
		}
	case <-time.After(15 * time.Second):
		p.t.Error("evenkeel did not stop within 15 s")
		_ = p.cmd.Process.Kill()
		if err := <-done; err == nil {
			p.t.Error("it ended well, but not in time")
		}
	}
	if p.t.Failed() || strings.Contains(p.log.String(), "DATA RACE") {
		p.t.Errorf("evenkeel's log:\n%s", p.log)
	}
}

// get fetches a page; a status other than 200 is an error with the body in it.
func (p *program) get(path string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+path, nil)
	if err != nil {
		return "", err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", path, res.Status, body)
	}
	return string(body), err
}

// await waits until check returns nil, and fails the test with its last error
// when that takes too long.
func (p *program) await(what string, limit time.Duration, check func() error) {
	p.t.Helper()
	deadline := time.Now().Add(limit)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("not within %v: %s: %v", limit, what, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// shows waits until /metrics shows all of these, written as `name{label="value"} 1`
// without kafka_cluster (`>1` for more than that), or as `!name{label="value"}` for a
// series (or, without labels, a whole family) that must be absent.
func (p *program) shows(what string, limit time.Duration, want ...string) samples {
	p.t.Helper()
	return p.showsOf("", what, limit, want...)
}

// showsOf is shows of one of several clusters.
func (p *program) showsOf(cluster, what string, limit time.Duration, want ...string) samples {
	p.t.Helper()
	var s samples
	p.await(cluster+" "+what, limit, func() error {
		var err error
		if s, err = p.scrapeOf(cluster); err != nil {
			return err
		}
		return s.lacks(want...)
	})
	return s
}
