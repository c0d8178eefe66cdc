package kafka

import (
	"sync/atomic"
	"testing"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/cluster"
)

// A broker that may be a 0.9 is never asked ApiVersions, which would lose it the
// requests of others.
func TestApiVersionsDoesNotGoToOldBrokers(t *testing.T) {
	for _, tt := range []struct {
		name         string
		registration int
		newcomer     func() answer
		want         string // the release
		succeeds     bool
	}{
		{"0.8 by its registration", 1, nil, "0.8", true},
		{"0.9 by its registration", 2, as09, "0.9", true},
		{"0.9 at a bootstrap address", 0, as09, "0.9", true},
		{"rubbish", 0, func() answer { return answer{body: []byte("rubbish")} }, "", false},
		{"neither shape", 0, func() answer { return new(message).int32(1 << 30).answer() }, "", false},
		{"more than the shape of 0.10", 0, func() answer { a := as010(); a.body = append(a.body, 0); return a }, "", false},
		{"hangs up always", 0, func() answer { return answer{hangUp: true} }, "0.8", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(t, func(r received) answer {
				if r.key != keyListOffsets || r.version != 0 {
					t.Errorf("request %d, version %d was sent", r.key, r.version)
				}
				return noTopics()
			})
			f.newcomer, f.since09 = tt.newcomer, true
			c := newTestClient(t)
			for range 3 {
				_, err := c.Probe(within(t), f.node(tt.registration))
				if (err == nil) != tt.succeeds {
					t.Fatalf("Probe: %v", err)
				}
				f.hangUp() // so that the next opens a connection again
			}
			if got := c.Identity(f.node(tt.registration)).Release; got != tt.want {
				t.Errorf("release %q, want %q", got, tt.want)
			}
		})
	}
}

// Kafka 0.8 is told from 0.9 by what it does not know, and is not taken for one after
// a single connection that ended there.
func TestKafka08AtABootstrapAddress(t *testing.T) {
	f := newFake(t, func(r received) answer {
		if r.key == keyListGroups {
			return answer{hangUp: true}
		}
		return noTopics()
	})
	c := newTestClient(t)
	for i, want := range []int{2, 4, 4} {
		if _, err := c.Probe(within(t), f.node(0)); err != nil {
			t.Fatal(err)
		}
		if got := f.connections(); got != want {
			t.Errorf("%d connections after call %d, want %d", got, i+1, want)
		}
		if i := c.Identity(f.node(0)); i.Release != "0.8" || i.Groups {
			t.Errorf("identity %+v", i)
		}
	}
}

// A broker may come back as another release at the same address, newer or older.
func TestIdentityIsLearnedWithEachConnection(t *testing.T) {
	var old atomic.Bool
	f := newFake(t, func(r received) answer {
		switch {
		case r.key != keyAPIVersions:
			return noTopics()
		case old.Load():
			t.Error("a 0.9 was asked ApiVersions")
			return answer{hangUp: true}
		default:
			return versions(map[int16]int16{keyListOffsets: 1, keyMetadata: 5, keyUpdateMetadata: 4})
		}
	})
	f.newcomer = func() answer {
		if old.Load() {
			return as09()
		}
		return as010()
	}
	c := newTestClient(t)
	for i, want := range []string{"1.0", "0.9", "1.0"} {
		old.Store(i == 1)
		if _, err := c.Probe(within(t), f.node(2)); err != nil {
			t.Fatal(err)
		}
		got := c.Identity(f.node(2))
		if got.Release != want || got.Mode != cluster.ModeZooKeeper || got.TellsReplicas == old.Load() {
			t.Errorf("%+v, want release %s", got, want)
		}
		f.hangUp()
	}
}

// Metadata v1 asks for no topics, not for all.
func TestNewcomersAreAskedForNoTopics(t *testing.T) {
	f := newFake(t, func(r received) answer {
		if r.key == keyMetadata {
			return as09()
		}
		return noTopics()
	})
	f.newcomer = nil
	if _, err := newTestClient(t).Probe(within(t), f.node(2)); err != nil {
		t.Fatal(err)
	}
	seen := f.seen(keyMetadata)
	if len(seen) != 1 || seen[0].version != 1 || string(seen[0].body) != "\x00\x00\x00\x00" {
		t.Errorf("%+v were sent, want one request of version 1 with an empty list", seen)
	}
}

func TestRefusedApiVersions(t *testing.T) {
	f := newFake(t, func(received) answer { return new(message).int16(42).int8(1).int32(0).int8(0).answer() }) // an invalid request
	_, err := newTestClient(t).Probe(within(t), f.node(5))
	if Status(err) != cluster.BrokerProtocolError || !isCode(err, sarama.ErrInvalidRequest) {
		t.Errorf("Probe: %v (%s), want the error code", err, Status(err))
	}
}
