package testbed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// signal sends sig and returns the channel that tells of the process's end.
func (p *process) signal(sig syscall.Signal) (<-chan struct{}, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.alive() {
		return nil, fmt.Errorf("testbed: %v to %s: %w", sig, p.name, errNotRunning)
	}
	// os.Process knows whether the process is reaped, so that the signal can
	// never reach a stranger that got the same pid.
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return nil, fmt.Errorf("testbed: %v to %s (process %d): %w", sig, p.name, p.cmd.Process.Pid, err)
	}
	return p.exited, nil
}

// kill ends the process with SIGKILL, frozen or not, and waits until it is
// reaped.
func (p *process) kill() error {
	exited, err := p.signal(syscall.SIGKILL)
	if err != nil {
		return err
	}
	<-exited
	return nil
}

// retire kills the process, if it runs, and lets it never start again.
func (p *process) retire() error {
	p.mu.Lock()
	p.retired = true
	p.mu.Unlock()
	if err := p.kill(); err != nil && !errors.Is(err, errNotRunning) {
		return err
	}
	return nil
}

// terminate asks the process to end and waits for it.
func (p *process) terminate(ctx context.Context) error {
	if p.running() && !p.responsive() {
		return fmt.Errorf("testbed: SIGTERM to %s: it is frozen; thaw it first", p.name)
	}
	exited, err := p.signal(syscall.SIGTERM)
	if err != nil {
		return err
	}
	select {
	case <-exited:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("testbed: %s has not ended after SIGTERM: %w", p.name, context.Cause(ctx))
	}
}

// freeze stops the process; on return none of its threads runs.
func (p *process) freeze() error {
	if _, err := p.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen = true
	return awaitStopped(p.cmd.Process.Pid)
}

func (p *process) thaw() error {
	if _, err := p.signal(syscall.SIGCONT); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen = false
	return nil
}
