package collectors

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

// slowly answers probes after a while, by the broker's id; those of others fail.
type slowly struct {
	*fakeCluster
	after map[int32]time.Duration
}

func (s slowly) Probe(ctx context.Context, n kafka.Node) (time.Duration, error) {
	after, answers := s.after[n.ID]
	select {
	case <-time.After(after):
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	if s.panics[n.Addr] {
		panic("fake panic")
	}
	if !answers {
		return 0, errors.New("refused")
	}
	return after, nil
}

// probes begins to probe brokers, each of which answers after a while.
func probes(t *testing.T, after map[int32]time.Duration, ids ...int32) *prober {
	p := newProber(t.Context(), slowly{newFake(), after}, time.Minute)
	for _, id := range ids {
		p.start(node(id))
	}
	return p
}

func node(id int32) kafka.Node { return kafka.Node{ID: id, Addr: fmt.Sprintf("b:%d", 9000+id)} }

// expectNext fails the test unless next returns this broker after that time.
func expectNext(t *testing.T, p *prober, preferred, want int32, after time.Duration) {
	t.Helper()
	begun := time.Now()
	n, ok := p.next(t.Context(), preferred)
	if took := time.Since(begun); !ok || n.ID != want || took != after {
		t.Errorf("broker %d, %v after %v; want %d after %v", n.ID, ok, took, want, after)
	}
}

func expectNoNext(t *testing.T, p *prober, after time.Duration) {
	t.Helper()
	begun := time.Now()
	n, ok := p.next(t.Context(), -1)
	if took := time.Since(begun); ok || took != after {
		t.Errorf("broker %d, %v after %v; want none after %v", n.ID, ok, took, after)
	}
}

func TestNextWaitsALittleForThePreferredBroker(t *testing.T) {
	const soon = 100 * time.Millisecond
	synctest.Test(t, func(t *testing.T) { // it answers in time
		p := probes(t, map[int32]time.Duration{0: 0, 1: soon, 2: 0}, 0, 1, 2)
		expectNext(t, p, 1, 1, soon)
		expectNext(t, p, 1, 0, 0)
		expectNext(t, p, -1, 2, 0)
		expectNoNext(t, p, 0)
	})
	synctest.Test(t, func(t *testing.T) { // it does not
		p := probes(t, map[int32]time.Duration{0: 0, 1: 2 * time.Second, 2: 0}, 0, 1, 2)
		expectNext(t, p, 1, 0, preference)
		expectNext(t, p, -1, 2, 0) // which waits for nobody
		expectNext(t, p, 1, 1, 2*time.Second-preference)
		expectNoNext(t, p, 0)
	})
	synctest.Test(t, func(t *testing.T) { // it fails, or is not probed
		p := probes(t, map[int32]time.Duration{0: soon, 2: 2 * soon}, 0, 1, 2)
		expectNext(t, p, 1, 0, soon)
		expectNext(t, p, 9, 2, soon)
	})
	synctest.Test(t, func(t *testing.T) { // both have answered
		p := probes(t, map[int32]time.Duration{0: 0, 1: 0, 2: 0}, 0, 1, 2)
		p.settle(t.Context())
		expectNext(t, p, 1, 1, 0)
		expectNext(t, p, 2, 2, 0)
	})
}

// No preference is none for bootstrap addresses, whose id is -1.
func TestNextPrefersNoBootstrapAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := probes(t, map[int32]time.Duration{-1: 0, 0: 0}, 0, -1)
		p.settle(t.Context())
		expectNext(t, p, -1, 0, 0)
		expectNext(t, p, -1, -1, 0)
	})
}

func TestNextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := probes(t, map[int32]time.Duration{}, 0)
		expectNoNext(t, p, 0) // it fails
		expectNoNext(t, probes(t, nil), 0)
		p = probes(t, map[int32]time.Duration{0: time.Second}, 0, 0)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if n, ok := p.next(ctx, -1); ok {
			t.Errorf("broker %d, though it did not answer in time", n.ID)
		}
		expectNext(t, p, -1, 0, time.Second-10*time.Millisecond)
		expectNoNext(t, p, 0)
	})
}

func TestWaitingForOneBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := probes(t, map[int32]time.Duration{0: 0, 1: time.Second}, 0, 1, 2)
		for _, c := range []struct {
			id    int32
			ok    bool
			after time.Duration
		}{{9, false, 0}, {2, false, 0}, {1, true, time.Second}, {1, true, 0}, {0, true, 0}} {
			begun := time.Now()
			n, ok := p.only(t.Context(), c.id)
			if took := time.Since(begun); ok != c.ok || took != c.after || ok && n != node(c.id) {
				t.Errorf("broker %d: %v, %v after %v", c.id, n, ok, took)
			}
		}
		p.start(kafka.Node{ID: 1, Addr: "other:1"})
		if n, ok := p.waitFor(t.Context(), func(n kafka.Node) bool { return n.Addr == "other:1" }); !ok || n.Addr != "other:1" {
			t.Errorf("%v, %v; want the address that was asked for", n, ok)
		}
		p = probes(t, map[int32]time.Duration{0: time.Second}, 0)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, ok := p.only(ctx, 0); ok {
			t.Error("it answered though there was no time")
		}
		p.settle(t.Context())
	})
}

func TestPanicInAProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.panics["b:9000"] = true
		p := newProber(t.Context(), slowly{f, map[int32]time.Duration{0: 0, 1: 0}}, time.Minute)
		p.start(node(0))
		p.start(node(1))
		p.settle(t.Context())
		if r := p.result(probeKey{0, "b:9000"}); r == nil || r.Status != cluster.BrokerUnknown || r.Err == nil {
			t.Errorf("result %+v", r)
		}
		if nodes := p.answered(); len(nodes) != 1 || nodes[0].ID != 1 {
			t.Errorf("%v answered", nodes)
		}
	})
}
