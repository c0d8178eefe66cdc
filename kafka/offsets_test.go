package kafka

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/cluster"
)

// within returns a context with a deadline that only a broken test reaches.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// newTestClient returns a client that is closed with the test.
func newTestClient(t *testing.T) *Client {
	t.Helper()
	c := NewClient(Options{})
	t.Cleanup(c.Close)
	return c
}

func TestProbeAsksForNothing(t *testing.T) {
	f := newFake(t, func(received) answer { return noTopics() })
	took, err := newTestClient(t).Probe(within(t), f.node(2))
	if err != nil || took <= 0 || took > 20*time.Second {
		t.Fatalf("Probe = %v, %v", took, err)
	}
	// No replica, no topics. This is all that a 0.9 broker is to see of us.
	want := new(message).int32(-1).int32(0).Bytes()
	seen := f.seen()
	if len(seen) != 1 || seen[0].key != keyListOffsets || seen[0].version != 0 || !bytes.Equal(seen[0].body, want) {
		t.Errorf("the broker received %+v, want one ListOffsets v0 with body %v", seen, want)
	}
}

// offsetsV0 is one topic in an answer of version 0: partition, error, offsets.
func offsetsV0(m *message, partition int32, code int16, offsets ...int64) {
	m.int32(partition).int16(code).int32(int32(len(offsets)))
	for _, o := range offsets {
		m.int64(o)
	}
}

func TestListOffsetsVersion0(t *testing.T) {
	f := newFake(t, func(received) answer {
		m := new(message).int32(1).str("orders").int32(5)
		offsetsV0(m, 0, 0, 42)
		offsetsV0(m, 1, 0)         // an empty list, without an error
		offsetsV0(m, 2, 6)         // not the leader
		offsetsV0(m, 3, 0, 0)      // an empty log
		offsetsV0(m, 4, 0, 90, 80) // more than was asked for: the greatest is first
		return m.answer()
	})
	ask := map[string][]int32{"orders": {0, 1, 2, 3, 4, 5}}
	offsets, err := newTestClient(t).ListOffsets(within(t), f.node(2), Latest, ask)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		topic     string
		partition int32
		want      cluster.Offset
		wantErr   error
	}{
		{"orders", 0, cluster.OffsetAt(42), nil},
		{"orders", 1, cluster.UnknownOffset, errNoOffset},
		{"orders", 2, cluster.UnknownOffset, sarama.ErrNotLeaderForPartition},
		{"orders", 3, cluster.OffsetAt(0), nil},
		{"orders", 4, cluster.OffsetAt(90), nil},
		{"orders", 5, cluster.UnknownOffset, errNoOffset},
		{"bills", 0, cluster.UnknownOffset, errNoOffset},
	} {
		got, err := offsets.At(tt.topic, tt.partition)
		if got != tt.want || !errors.Is(err, tt.wantErr) {
			t.Errorf("At(%s, %d) = %d, %v; want %d, %v", tt.topic, tt.partition, got, err, tt.want, tt.wantErr)
		}
	}

	// Six partitions, each with the time -1 and at most one offset.
	body := f.seen()[0].body
	if n := bytes.Count(body, new(message).int64(-1).int32(1).Bytes()); n != 6 || f.seen()[0].version != 0 {
		t.Errorf("version %d asks for %d ends of logs in %v, want version 0 and 6", f.seen()[0].version, n, body)
	}
}

func TestListOffsetsVersion1(t *testing.T) {
	f := newFake(t, func(r received) answer {
		if r.key == keyAPIVersions {
			return versions(map[int16]int16{keyListOffsets: 1})
		}
		m := new(message).int32(1).str("orders").int32(3)
		m.int32(0).int16(0).int64(-1).int64(17)
		m.int32(1).int16(0).int64(-1).int64(-1) // no error, and no offset either
		m.int32(2).int16(29).int64(-1).int64(-1)
		return m.answer()
	})
	ask := map[string][]int32{"orders": {0, 1, 2}}
	offsets, err := newTestClient(t).ListOffsets(within(t), f.node(4), Earliest, ask)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := offsets.At("orders", 0); got != cluster.OffsetAt(17) || err != nil {
		t.Errorf("partition 0: %d, %v; want 17", got, err)
	}
	if got, err := offsets.At("orders", 1); got != cluster.UnknownOffset || !errors.Is(err, errNoOffset) {
		t.Errorf("partition 1: %d, %v; want unknown", got, err)
	}
	_, err = offsets.At("orders", 2)
	if got := Reason(err); got != cluster.ReasonPermission {
		t.Errorf("partition 2: reason %q of %v, want %q", got, err, cluster.ReasonPermission)
	}
	body := f.seen(keyListOffsets)[0].body
	if n := bytes.Count(body, new(message).int64(-2).Bytes()); n != 3 {
		t.Errorf("the request asks for %d starts of logs, want 3", n)
	}
}

func TestListOffsetsOfNothingAsksNothing(t *testing.T) {
	f := newFake(t, func(received) answer { return noTopics() })
	for _, ask := range []map[string][]int32{nil, {}, {"orders": nil}} {
		offsets, err := newTestClient(t).ListOffsets(within(t), f.node(2), Latest, ask)
		if err != nil {
			t.Errorf("ListOffsets(%v): %v", ask, err)
		}
		if got, err := offsets.At("orders", 0); got != cluster.UnknownOffset || err == nil {
			t.Errorf("ListOffsets(%v).At = %d, %v; want unknown", ask, got, err)
		}
	}
	if seen := f.seen(); len(seen) != 0 {
		t.Errorf("%d requests were sent", len(seen))
	}
}
