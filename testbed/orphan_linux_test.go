package testbed

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
)

// childVariable makes the test binary a program that starts processes, prints
// their ids, one a line and 0 last, and waits to be killed.
const childVariable = "EVENKEEL_TESTBED_CHILD"

// children are those programs; a file with a build tag adds one.
var children = map[string]func() ([]int, error){"shell": startShell}

func TestMain(m *testing.M) {
	start, ok := children[os.Getenv(childVariable)]
	if !ok {
		os.Exit(m.Run())
	}
	pids, err := start()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, pid := range append(pids, 0) {
		fmt.Println(pid)
	}
	select {}
}

// startShell starts a process on behalf of a thread that then ends.
func startShell() ([]int, error) {
	p := &process{name: "a shell", argv: []string{"sleep", "1000"}, log: filepath.Join(os.Getenv("TMPDIR"), "log")}
	started, thread := make(chan error), make(chan int)
	var start func()
	start = func() {
		runtime.LockOSThread() // without Unlock: the thread ends with the goroutine
		if syscall.Gettid() == os.Getpid() {
			go start() // the main thread, which never ends: use another one
			select {}
		}
		started <- p.start()
		thread <- syscall.Gettid()
	}
	go start()
	if err := <-started; err != nil {
		return nil, err
	}
	pid := p.pid()
	task := fmt.Sprintf("/proc/self/task/%d", <-thread)
	err := waitFor(context.Background(), "wait for the end of the thread", func() error {
		if isDir(task) {
			return errors.New("it lives")
		}
		return nil
	})
	return []int{pid}, err
}

// TestNothingOutlivesTheProgram kills a program that has children with SIGKILL.
func TestNothingOutlivesTheProgram(t *testing.T) {
	killProgram(t, "shell")
}

// killProgram runs this binary as the named child, kills it, and sees that what
// it had started has died with it, and not before.
func killProgram(t *testing.T, child string) {
	t.Helper()
	program := exec.Command(os.Args[0])
	program.Env = append(os.Environ(), childVariable+"="+child, "TMPDIR="+t.TempDir())
	program.Stderr = os.Stderr
	out, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = program.Process.Kill()
		_ = program.Wait() // "killed" is what we want
	})
	pids := readPIDs(t, out)
	for _, pid := range pids {
		if state(pid) == "" {
			t.Errorf("process %d has not lived as long as the program", pid)
		}
	}
	if err := program.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	err = waitFor(t.Context(), "wait until the processes are gone", func() error {
		for _, pid := range pids {
			if s := state(pid); s != "" {
				return fmt.Errorf("process %d is in state %s", pid, s)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func readPIDs(t *testing.T, out io.Reader) []int {
	t.Helper()
	var pids []int
	for lines := bufio.NewScanner(out); lines.Scan(); {
		pid, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatal(err)
		}
		if pid == 0 {
			break
		}
		pids = append(pids, pid)
	}
	if len(pids) == 0 {
		t.Fatal("the program has started nothing")
	}
	return pids
}
