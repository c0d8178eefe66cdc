package testbed

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
)

// process is one JVM that can be started again and again. Its output is
// appended to one file over all its lives.
type process struct {
	name   string // for errors: "broker 0"
	argv   []string
	env    []string // on top of this program's own
	log    string
	silent bool // its standard output is data, not log: throw it away

	mu     sync.Mutex
	cmd    *exec.Cmd
	exited chan struct{} // closed once this life's process is reaped
	err    error         // how it ended; valid once exited is closed
	frozen bool
	// retired: the cluster is stopped, and nobody would end a new life.
	retired bool
	logOff  int64 // where this life's part of the log begins
}

var errNotRunning = errors.New("is not running")

// start launches the process and returns at once.
func (p *process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.startable(); err != nil {
		return err
	}
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("testbed: start %s: %w", p.name, err)
	}
	defer out.Close() // the child has its own
	if p.logOff, err = out.Seek(0, io.SeekEnd); err != nil {
		return fmt.Errorf("testbed: start %s: %w", p.name, err)
	}
	cmd := exec.Command(p.argv[0], p.argv[1:]...)
	cmd.Env = append(os.Environ(), p.env...)
	cmd.Stderr = out
	if !p.silent {
		cmd.Stdout = out
	}
	if err := spawn(cmd); err != nil {
		return fmt.Errorf("testbed: start %s: %w", p.name, err)
	}
	exited := make(chan struct{})
	p.cmd, p.exited, p.frozen, p.err = cmd, exited, false, nil
	go func() {
		err := cmd.Wait()
		p.mu.Lock()
		p.err = err
		p.mu.Unlock()
		close(exited)
	}()
	return nil
}

// startable returns why the process may not be started. It wants p.mu held.
func (p *process) startable() error {
	if p.alive() {
		return fmt.Errorf("testbed: %s is running already, as process %d", p.name, p.cmd.Process.Pid)
	}
	if p.retired {
		return fmt.Errorf("testbed: start %s: its cluster is stopped", p.name)
	}
	return nil
}

// mayStart is startable for callers without the lock.
func (p *process) mayStart() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.startable()
}

// alive wants p.mu held.
func (p *process) alive() bool {
	if p.cmd == nil {
		return false
	}
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

func (p *process) running() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.alive()
}

// responsive tells whether the process runs and is not frozen.
func (p *process) responsive() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.alive() && !p.frozen
}

// pid returns 0 while the process does not run.
func (p *process) pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.alive() {
		return 0
	}
	return p.cmd.Process.Pid
}

// ended returns nil while the process runs, else an error with how it ended
// and the end of its log.
func (p *process) ended() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.alive() {
		return nil
	}
	how := "it was never started"
	if p.cmd != nil {
		how = p.cmd.ProcessState.String()
	}
	return fmt.Errorf("%s ended (%s); its log %s ends with:\n%s", p.name, how, p.log, tail(p.log, 15))
}

// logStart returns where the log of the process's present life begins.
func (p *process) logStart() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.logOff
}
