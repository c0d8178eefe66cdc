//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/evenkeel/evenkeel/bench/load"
)

const (
	// An exporter that needs Kafka before it listens is waited for.
	startTimeout = 2 * time.Minute
	stopTimeout  = 20 * time.Second
)

// exporter is one that can be measured.
type exporter struct {
	name string
	// command is environment variables, the program and its arguments, with
	// placeholders; see parseExporters.
	command []string
}

// parseExporters reads a list such as
//
//	one=/path/one --kafka.server={broker} --listen={listen}; two=BROKERS={brokers} PORT={port} /path/two
//
// Words are split at white space; those with "=" before the program are its
// environment. {brokers} stands for all brokers as host:port,..., {broker} for
// the first, {zookeeper} for the ZooKeeper server, {listen} for the host:port
// that the exporter is to listen on, and {port} for its port alone.
func parseExporters(list string) ([]exporter, error) {
	var out []exporter
	for entry := range strings.SplitSeq(list, ";") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		name, command, _ := strings.Cut(entry, "=")
		e := exporter{strings.TrimSpace(name), strings.Fields(command)}
		switch {
		case e.program() == len(e.command) || strings.ContainsAny(e.name, " |"):
			return nil, fmt.Errorf("exporter %q: want NAME=COMMAND", entry)
		case !strings.Contains(command, "{listen}") && !strings.Contains(command, "{port}"):
			return nil, fmt.Errorf("exporter %q: its command needs {listen} or {port}", e.name)
		}
		out = append(out, e)
	}
	return out, nil
}

// program is the index of the first word that is no environment variable.
func (e exporter) program() int {
	i := slices.IndexFunc(e.command, func(word string) bool { return !strings.Contains(word, "=") })
	if i < 0 {
		return len(e.command)
	}
	return i
}

// fill puts a cluster's addresses into the command.
func (e exporter) fill(brokers []string, zookeeper, listen string) []string {
	replacer := strings.NewReplacer(
		"{brokers}", strings.Join(brokers, ","), "{broker}", brokers[0],
		"{zookeeper}", zookeeper, "{listen}", listen, "{port}", listen[strings.LastIndexByte(listen, ':')+1:])
	var out []string
	for _, word := range e.command {
		out = append(out, replacer.Replace(word))
	}
	return out
}

// running is an exporter's process.
type running struct {
	name  string
	cmd   *exec.Cmd
	url   string
	log   bytes.Buffer // to be read after ended is closed
	ended chan struct{}
}

// start starts an exporter and returns when it listens. The caller calls stop.
func (e exporter) start(ctx context.Context, c *load.Cluster) (*running, error) {
	listen, err := freeAddress()
	if err != nil {
		return nil, err
	}
	words, program := e.fill(c.Proxied(), c.ZooKeeperConnect(), listen), e.program()
	r := &running{name: e.name, url: "http://" + listen + "/metrics", ended: make(chan struct{})}
	r.cmd = exec.Command(words[program], words[program+1:]...)
	r.cmd.Env = append(os.Environ(), words[:program]...)
	r.cmd.Stdout, r.cmd.Stderr = &r.log, &r.log
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := r.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", e.name, err)
	}
	go func() {
		_ = r.cmd.Wait() // an end that nobody asked for shows in awaitListening
		close(r.ended)
	}()
	if err := r.awaitListening(ctx, listen); err != nil {
		return nil, r.finish(err)
	}
	return r, nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}

// awaitListening returns when connections are accepted; a scrape would be work
// already.
func (r *running) awaitListening(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-r.ended:
			return fmt.Errorf("it has ended: %s", r.cmd.ProcessState)
		case <-ctx.Done():
			return fmt.Errorf("it does not listen on %s: %w", address, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// stop ends the process, and tells when it did not end when told to.
func (r *running) stop() error {
	_ = r.cmd.Process.Signal(syscall.SIGTERM) // fails only when it has ended
	select {
	case <-r.ended:
		return nil
	case <-time.After(stopTimeout):
		err := r.cmd.Process.Kill()
		<-r.ended
		return errors.Join(fmt.Errorf("%s did not end within %v of SIGTERM", r.name, stopTimeout), err)
	}
}

// finish stops the process after a measurement, and adds the end of its log to
// what has gone wrong.
func (r *running) finish(err error) error {
	if err = errors.Join(err, r.stop()); err == nil {
		return nil
	}
	log := r.log.Bytes()
	return fmt.Errorf("%w; its log ends with:\n%s", err, log[max(0, len(log)-4096):])
}
