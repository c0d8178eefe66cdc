//go:build cluster

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// TestUp has a person start a cluster, break it and leave.
func TestUp(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	inRead, in := io.Pipe()
	out, outWrite := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"up", "--one-jvm", "--topic=test=2"}, inRead, outWrite)
		_ = outWrite.Close()
		done <- err
	}()
	lines := bufio.NewScanner(out)
	until := func(want string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), want) {
				return
			}
		}
		t.Fatalf("the output ended before %q", want)
	}
	until("broker 1")
	until("--zookeeper.servers=127.0.0.1:")
	until("--kafka.brokers=127.0.0.1:")
	until("type VERB")
	for _, dialogue := range [][2]string{
		{"kill broker 0", "done: kill broker 0"},
		{"kill broker 0", "broker 0: is not running"},
		{"start broker 0", "done: start broker 0"},
		{"freeze broker 1", "done: freeze broker 1"},
		{"thaw broker 1", "done: thaw broker 1"},
		{"restart zookeeper 1", "OneJVM"},
		{"elect test", "done: elect test"},
		{"servers", "ZooKeeper server 3"},
		{"dance broker 0", "type VERB"},
		{"sing", "type VERB"},
	} {
		if _, err := fmt.Fprintln(in, dialogue[0]); err != nil {
			t.Fatal(err)
		}
		until(dialogue[1])
	}
	cancel()
	until("stopping")
	if err := <-done; err != nil {
		t.Error(err)
	}
}
