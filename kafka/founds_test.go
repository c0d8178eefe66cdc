package kafka

import (
	"bytes"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/cluster"
)

// newOffsets starts a fake that knows ListOffsets up to a version, and answers as given.
func newOffsets(t *testing.T, version int16, body *message) *fake {
	t.Helper()
	return newFake(t, func(r received) answer {
		if r.key == keyAPIVersions {
			return versions(map[int16]int16{keyListOffsets: version})
		}
		return body.answer()
	})
}

func TestLastStable(t *testing.T) {
	f := newOffsets(t, 2, new(message).int32(0).int32(1).str("orders").int32(1).int32(0).int16(0).int64(-1).int64(40))
	c, ask := newTestClient(t), map[string][]int32{"orders": {0}}
	offsets, err := c.ListOffsets(within(t), f.node(5), LastStable, ask)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := offsets.At("orders", 0); got != cluster.OffsetAt(40) || err != nil {
		t.Errorf("%d, %v; want 40", got, err)
	}
	if !c.Identity(f.node(5)).StableOffsets {
		t.Error("it is not told that the release can do this")
	}
	if _, err := c.ListOffsets(within(t), f.node(5), Latest, ask); err != nil {
		t.Fatal(err)
	}
	// A consumer; its isolation level; one topic with one partition, and the time of the end.
	rest := new(message).int32(1).str("orders").int32(1).int32(0).int64(-1)
	for i, level := range []int8{readCommitted, 0} {
		want := append(new(message).int32(-1).int8(level).Bytes(), rest.Bytes()...)
		if seen := f.seen(keyListOffsets)[i]; seen.version != 2 || !bytes.Equal(seen.body, want) {
			t.Errorf("version %d was sent with body %v, want 2 and %v", seen.version, seen.body, want)
		}
	}
}

// What a release cannot tell it is not asked for, in whatever form it would answer.
func TestPlacesThatOldReleasesDoNotKnow(t *testing.T) {
	for version, want := range map[int16][2]bool{0: {false, false}, 1: {true, false}, 2: {true, true}} {
		f := newOffsets(t, version, new(message).int32(0).int32(0))
		if version < 2 {
			f = newOffsets(t, version, new(message).int32(0))
		}
		c := newTestClient(t)
		_, err1 := c.OffsetsSince(within(t), f.node(4), map[string]map[int32]time.Time{"orders": {0: time.Now()}})
		_, err2 := c.ListOffsets(within(t), f.node(4), LastStable, map[string][]int32{"orders": {0}})
		var unknown *unknownError
		sent := 0
		for i, err := range []error{err1, err2} {
			if want[i] {
				sent++
			}
			if (err == nil) != want[i] || errors.As(err, &unknown) == want[i] {
				t.Errorf("version %d, request %d: %v", version, i, err)
			}
		}
		if n := len(f.seen(keyListOffsets)); n != sent {
			t.Errorf("version %d: %d requests were sent, want %d", version, n, sent)
		}
		if got := c.Identity(f.node(4)); got.Timestamps != want[0] || got.StableOffsets != want[1] {
			t.Errorf("version %d: identity %+v", version, got)
		}
	}
}

func TestOffsetsSince(t *testing.T) {
	m := new(message).int32(2).str("orders").int32(4)
	m.int32(0).int16(0).int64(1700000000123).int64(42)
	m.int32(1).int16(0).int64(-1).int64(-1) // no such message
	m.int32(2).int16(0).int64(-1).int64(7)  // an old one without a timestamp
	m.int32(3).int16(6).int64(-1).int64(-1)
	m.str("bills").int32(1).int32(0).int16(0).int64(0).int64(0)
	f := newOffsets(t, 1, m)
	since := time.UnixMilli(1700000000000)
	ask := map[string]map[int32]time.Time{"orders": {0: since, 1: since, 2: since, 3: since, 4: since}, "bills": {0: time.Time{}}, "none": nil}
	founds, err := newTestClient(t).OffsetsSince(within(t), f.node(4), ask)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		topic     string
		partition int32
		want      Found
		wantErr   error
	}{
		{"orders", 0, Found{cluster.OffsetAt(42), time.UnixMilli(1700000000123)}, nil},
		{"orders", 1, Found{}, nil},
		{"orders", 2, Found{Offset: cluster.OffsetAt(7)}, nil},
		{"orders", 3, Found{}, sarama.ErrNotLeaderForPartition},
		{"orders", 4, Found{}, errNoOffset},
		{"bills", 0, Found{cluster.OffsetAt(0), time.UnixMilli(0)}, nil},
		{"none", 0, Found{}, errNoOffset},
	} {
		got, err := founds.At(tt.topic, tt.partition)
		if got.Offset != tt.want.Offset || !got.At.Equal(tt.want.At) || got.At.IsZero() != tt.want.At.IsZero() || !errors.Is(err, tt.wantErr) {
			t.Errorf("At(%s, %d) = %+v, %v; want %+v, %v", tt.topic, tt.partition, got, err, tt.want, tt.wantErr)
		}
	}
	seen := f.seen(keyListOffsets)
	if len(seen) != 1 || seen[0].version != 1 {
		t.Fatalf("%+v were sent, want one request of version 1", seen)
	}
	if n := bytes.Count(seen[0].body, new(message).int64(1700000000000).Bytes()); n != 5 {
		t.Errorf("the time is asked for in %d partitions, want 5", n)
	}
	if bills := new(message).str("bills").int32(1).int32(0).int64(0).Bytes(); !bytes.Contains(seen[0].body, bills) {
		t.Errorf("the time before all others is not asked for as 0: %v", seen[0].body)
	}
}

func TestOffsetsSinceOfNothingAsksNothing(t *testing.T) {
	f := newFake(t, func(received) answer { return answer{hangUp: true} })
	for _, ask := range []map[string]map[int32]time.Time{nil, {}, {"orders": nil}, {"orders": {}}} {
		founds, err := newTestClient(t).OffsetsSince(within(t), f.node(4), ask)
		if err != nil {
			t.Errorf("OffsetsSince(%v): %v", ask, err)
		}
		if got, err := founds.At("orders", 0); got != (Found{}) || !errors.Is(err, errNoOffset) {
			t.Errorf("OffsetsSince(%v).At = %+v, %v", ask, got, err)
		}
	}
	if n := len(f.seen()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// No time may become a negative number, of which each is a position to the broker.
func TestTimesInMilliseconds(t *testing.T) {
	for _, tt := range []struct {
		at   time.Time
		want int64
	}{
		{time.Time{}, 0},
		{time.UnixMilli(-1), 0},
		{time.UnixMilli(-2), 0},
		{time.Unix(math.MinInt64, 0), 0},
		{time.UnixMilli(0), 0},
		{time.UnixMilli(1), 1},
		{time.UnixMilli(1700000000123), 1700000000123},
		{time.Unix(math.MaxInt64/1000-1, 0), math.MaxInt64/1000*1000 - 1000},
		{time.Unix(math.MaxInt64/1000+1, 0), math.MaxInt64},
		{time.Unix(math.MaxInt64, 0), math.MaxInt64},
	} {
		if got := millisOf(tt.at); got != tt.want {
			t.Errorf("%v: %d, want %d", tt.at, got, tt.want)
		}
	}
}

func TestFoundsOf(t *testing.T) {
	n := Node{ID: 3, Addr: "k3:9092"}
	told := map[int32]Found{0: {cluster.OffsetAt(42), time.UnixMilli(1700000000123)}, 2: {Offset: cluster.OffsetAt(7)}, 1: {}}
	founds := FoundsOf(n, map[string]map[int32]Found{"orders": told}, map[string][]int32{"orders": {9}})
	for id, want := range told {
		if got, err := founds.At("orders", id); got != want || err != nil {
			t.Errorf("partition %d: %+v, %v; want %+v", id, got, err, want)
		}
	}
	if _, err := founds.At("orders", 3); !errors.Is(err, errNoOffset) {
		t.Errorf("a partition that was not told: %v", err)
	}
	if _, err := founds.At("orders", 9); !HasNoTimestamps(err) || HasNoTimestamps(errNoOffset) {
		t.Errorf("a log without timestamps: %v", err)
	}
}
