package kafka

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// A broker that timed out gets little time until it answers again.
func TestSlowBrokerGetsLittleTime(t *testing.T) {
	const little = 50 * time.Millisecond
	var delay atomic.Int64 // how long the broker takes; negative for ever
	f := newFake(t, func(r received) answer {
		d := time.Duration(delay.Load())
		if d < 0 {
			return answer{}
		}
		time.Sleep(d)
		return noGroups(r)
	})
	c := newTestClient(t)
	c.slow = little

	delay.Store(-1)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := c.Probe(ctx, f.node(2)); Status(err) != cluster.BrokerTimeout {
		t.Fatalf("Probe of a hung broker: %v", err)
	}
	// From now on there would be 20 s, of which neither connection uses much.
	started := time.Now()
	if _, err := c.Probe(within(t), f.node(2)); Status(err) != cluster.BrokerTimeout {
		t.Errorf("second Probe: %v", err)
	}
	if _, err := c.ListGroups(within(t), f.node(2)); Status(err) != cluster.BrokerTimeout {
		t.Errorf("ListGroups: %v", err)
	}
	// netTimeout would have ended them as well.
	if took := time.Since(started); took < 2*little || took > netTimeout {
		t.Errorf("two calls took %v, want %v each", took, little)
	}

	delay.Store(0)
	eventually(t, "the broker answers", func() bool {
		_, err := c.Probe(within(t), f.node(2))
		return err == nil
	})
	delay.Store(int64(3 * little))
	if _, err := c.ListGroups(within(t), f.node(2)); err != nil {
		t.Errorf("ListGroups after the broker answered: %v", err)
	}
}

// Sarama sleeps through the time for which a broker throttles it, and no closing
// of sockets wakes it up.
func TestAbandonedCall(t *testing.T) {
	var throttle atomic.Int32
	throttle.Store(2500)
	f := newFake(t, func(r received) answer {
		if r.key == keyAPIVersions {
			return versions(map[int16]int16{keyListGroups: 0, keyListOffsets: 3})
		}
		if r.key == keyListGroups {
			return noGroups(r)
		}
		return new(message).int32(throttle.Swap(0)).int32(0).answer() // no topics
	})
	c := newTestClient(t)
	n := f.node(5)
	probe := func(timeout time.Duration) (time.Duration, error) {
		ctx, cancel := context.WithTimeout(t.Context(), timeout)
		defer cancel()
		started := time.Now()
		_, err := c.Probe(ctx, n)
		return time.Since(started), err
	}
	if _, err := probe(10 * time.Second); err != nil {
		t.Fatalf("the call that is told to wait: %v", err)
	}
	took, err := probe(50 * time.Millisecond)
	if !errors.Is(err, ErrAbandoned) || Status(err) != cluster.BrokerTimeout || Reason(err) != cluster.ReasonAbandoned || took > time.Second {
		t.Errorf("the call that hangs = %v after %v, want it abandoned", err, took)
	}
	took, err = probe(10 * time.Second)
	if !errors.Is(err, ErrAbandoned) || took > comeBack {
		t.Errorf("the next call = %v after %v, want an error at once", err, took)
	}
	if _, err := c.ListGroups(within(t), n); err != nil {
		t.Errorf("a call over the other connection: %v", err)
	}
	eventually(t, "calls get through again", func() bool {
		_, err := probe(10 * time.Second)
		return err == nil
	})
}

func TestConcurrentUse(t *testing.T) {
	brokers := []*fake{newFake(t, noGroups), newFake(t, noGroups)}
	var requests atomic.Int64
	c := NewClient(Options{Observe: func(api string, _ error) {
		if api != "Metadata" { // which begins each new connection
			requests.Add(1)
		}
	}})
	t.Cleanup(c.Close)
	const each = 50
	var done sync.WaitGroup
	for i := range 4 {
		n := brokers[i%2].node(2)
		done.Go(func() {
			for range each {
				if _, err := c.Probe(within(t), n); err != nil {
					t.Errorf("Probe: %v", err)
				}
			}
		})
		done.Go(func() {
			for range each {
				if _, err := c.ListGroups(within(t), n); err != nil {
					t.Errorf("ListGroups: %v", err)
				}
			}
		})
	}
	done.Go(func() {
		for i := range each {
			c.Retain([]Node{brokers[i%2].node(2)})
		}
	})
	done.Wait()
	if got := requests.Load(); got != 8*each {
		t.Errorf("%d requests were observed, want %d", got, 8*each)
	}
}

// Calls that wait for others on the same connection end by their own deadlines.
func TestQueueEndsByDeadline(t *testing.T) {
	c := newTestClient(t)
	n := Node{Addr: serveAll(t, silent), Registration: 2}
	var done sync.WaitGroup
	for i := range 10 {
		done.Go(func() {
			timeout := time.Duration(20*(i+1)) * time.Millisecond
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			started := time.Now()
			_, err := c.ListGroups(ctx, n)
			if took := time.Since(started); Status(err) != cluster.BrokerTimeout || took > timeout+comeBack*3/4 {
				t.Errorf("call %d: %v after %v, want a timeout after %v", i, err, took, timeout)
			}
		})
	}
	done.Wait()
}
