package kafka

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still not so: %s", what)
		}
	}
}

func TestRetain(t *testing.T) {
	kept, dropped := newFake(t, noGroups), newFake(t, noGroups)
	c := newTestClient(t)
	probe := func(f *fake) {
		t.Helper()
		if _, err := c.Probe(within(t), f.node(2)); err != nil {
			t.Fatal(err)
		}
	}
	probe(kept)
	probe(dropped)
	c.Retain([]Node{kept.node(2)})
	probe(kept)
	probe(dropped)
	if k, d := kept.connections(), dropped.connections(); k != 1 || d != 2 {
		t.Errorf("%d connections to the broker that was kept and %d to the one dropped, want 1 and 2", k, d)
	}
}

// A call that is on its way when its broker is dropped ends well, and its
// connection with it.
func TestRetainWaitsForCalls(t *testing.T) {
	asked, goOn := make(chan bool), make(chan bool)
	f := newFake(t, func(received) answer {
		asked <- true
		<-goOn
		return noTopics()
	})
	c := newTestClient(t)
	back := make(chan error)
	go func() {
		_, err := c.Probe(within(t), f.node(2))
		back <- err
	}()
	<-asked
	l := c.targets[c.key(f.node(2))].probe
	c.Retain(nil)
	close(goOn)
	if err := <-back; err != nil {
		t.Errorf("Probe: %v", err)
	}
	eventually(t, "the connection is closed", func() bool {
		l.turn <- struct{}{}
		defer func() { <-l.turn }()
		return l.link == nil
	})
}

func TestClose(t *testing.T) {
	asked := make(chan bool, 1)
	f := newFake(t, func(received) answer { asked <- true; return answer{} })
	c := NewClient(Options{})
	back := make(chan error)
	go func() {
		_, err := c.Probe(context.Background(), f.node(2))
		back <- err
	}()
	<-asked
	c.Close()
	if err := <-back; !errors.Is(err, context.Canceled) || Status(err) != cluster.BrokerUnknown {
		t.Errorf("a call during Close = %v, status %s", err, Status(err))
	}
	if _, err := c.Probe(within(t), f.node(2)); !errors.Is(err, errClosed) {
		t.Errorf("a call after Close = %v, want %v", err, errClosed)
	}
	c.Close() // once more does no harm
}
