package kafka

import (
	"strings"
	"sync"
	"testing"

	"github.com/evenkeel/evenkeel/cluster"
)

// observed records what a client tells of its requests.
type observed struct {
	mu   sync.Mutex
	seen []string
}

func (o *observed) observe(api string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err != nil {
		api += " failed"
	}
	o.seen = append(o.seen, api)
}

func (o *observed) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.seen, ", ")
}

// noGroups answers both requests of version 0 that these tests send.
func noGroups(r received) answer {
	if r.key == keyListGroups {
		return new(message).int16(0).int32(0).answer()
	}
	return noTopics()
}

func TestConnectionsAreKept(t *testing.T) {
	f := newFake(t, noGroups)
	c := newTestClient(t)
	for range 3 {
		if _, err := c.Probe(within(t), f.node(2)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.ListGroups(within(t), f.node(2)); err != nil {
			t.Fatal(err)
		}
	}
	if n := f.connections(); n != 2 {
		t.Errorf("%d connections, want one for the probe and one for work", n)
	}
	probe := f.seen(keyListOffsets)[0].conn
	for _, r := range f.seen(keyListGroups) {
		if r.conn == probe {
			t.Errorf("ListGroups came by the probe's connection")
		}
	}
}

func TestClosedIdleConnectionIsNoFailure(t *testing.T) {
	for name, end := range map[string]func(*fake){"closed": (*fake).hangUp, "reset": (*fake).reset} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, noGroups)
			var o observed
			c := NewClient(Options{Observe: o.observe})
			t.Cleanup(c.Close)
			for range 3 {
				if _, err := c.Probe(within(t), f.node(2)); err != nil {
					t.Fatalf("Probe: %v", err)
				}
				end(f)
			}
			if n := f.connections(); n != 3 {
				t.Errorf("%d connections, want 3", n)
			}
			if got := len(f.seen()); got != 3 {
				t.Errorf("the broker received %d requests, want 3", got)
			}
			if !strings.HasPrefix(o.String(), "Metadata, ListOffsets, ListOffsets failed, Metadata, ListOffsets") {
				t.Errorf("observed %s, want a failure before the second success", &o)
			}
		})
	}
}

// A connection that is closed right after it was opened is a failure, and is not
// tried for ever.
func TestRetryOnlyOnce(t *testing.T) {
	var mu sync.Mutex
	answers := 1
	f := newFake(t, func(received) answer {
		mu.Lock()
		defer mu.Unlock()
		answers--
		if answers < 0 {
			return answer{hangUp: true}
		}
		return noTopics()
	})
	c := newTestClient(t)
	if _, err := c.Probe(within(t), f.node(2)); err != nil {
		t.Fatal(err)
	}
	_, err := c.Probe(within(t), f.node(2))
	if Status(err) != cluster.BrokerProtocolError || f.connections() != 2 {
		t.Errorf("Probe = %v after %d connections, want a protocol error after 2", err, f.connections())
	}
}

// A broker that is gone is told as refused, not as a broken connection.
func TestKilledBrokerIsRefused(t *testing.T) {
	f := newFake(t, noGroups)
	c := newTestClient(t)
	if _, err := c.Probe(within(t), f.node(2)); err != nil {
		t.Fatal(err)
	}
	_ = f.listener.Close()
	f.reset()
	if _, err := c.Probe(within(t), f.node(2)); Status(err) != cluster.BrokerRefused {
		t.Errorf("Probe = %v, want it refused", err)
	}
}

func TestNodesOfOneAddress(t *testing.T) {
	f := newFake(t, func(r received) answer {
		if r.key == keyAPIVersions {
			return versions(map[int16]int16{keyListOffsets: 1})
		}
		return noTopics()
	})
	c := newTestClient(t)
	bootstrap := f.node(0)
	bootstrap.ID = -1
	for range 2 {
		for _, n := range []Node{bootstrap, f.node(2), f.node(4)} {
			if _, err := c.Probe(within(t), n); err != nil {
				t.Fatalf("%s: %v", n, err)
			}
		}
	}
	// A broker is approached by what is known of its release.
	if n := f.connections(); n != 3 {
		t.Errorf("%d connections, want 3", n)
	}
	if n := len(f.seen(keyAPIVersions)); n != 1 {
		t.Errorf("%d ApiVersions requests, want one, over the connection of the newer node", n)
	}
	f.stop()
	_, err := c.Probe(within(t), bootstrap)
	if err == nil || !strings.HasPrefix(err.Error(), "bootstrap address "+bootstrap.Addr) {
		t.Errorf("the error is %v, want the bootstrap address named", err)
	}
}
