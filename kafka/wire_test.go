package kafka

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/evenkeel/evenkeel/cluster"
)

// everything is what Kafka 2.6 knows of the requests that we send.
var everything = map[int16]int16{
	keyListOffsets: 5, keyOffsetFetch: 7, keyDescribeGroups: 5, keyListGroups: 4, keyAPIVersions: 3,
}

// What is sent to a watched cluster, for each release that it can be told to be of.
// The fake broker itself fails the test on any other kind of request.
func TestOnlySafeRequestsAreSent(t *testing.T) {
	for registration, want := range map[int]string{
		0: "DescribeGroups 0, ListGroups 0, ListOffsets 0, OffsetFetch 1",
		1: "ListOffsets 0, OffsetFetch 1",
		2: "DescribeGroups 0, ListGroups 0, ListOffsets 0, OffsetFetch 1",
		3: "ApiVersions 3, DescribeGroups 0, ListGroups 0, ListOffsets 0, OffsetFetch 1",
		4: "ApiVersions 3, DescribeGroups 0, ListGroups 0, ListOffsets 1, OffsetFetch 2",
		5: "ApiVersions 3, DescribeGroups 5, ListGroups 4, ListOffsets 5, OffsetFetch 7",
	} {
		f := newFake(t, func(r received) answer {
			if r.key == keyAPIVersions {
				return versions(everything)
			}
			return answer{hangUp: true} // so that everything else fails, and is tried anew
		})
		c := newTestClient(t)
		n := f.node(registration)
		ask := map[string][]int32{"orders": {0}}
		for range 2 {
			_, err1 := c.Probe(within(t), n)
			_, err2 := c.ListGroups(within(t), n)
			_, err3 := c.DescribeGroups(within(t), n, []string{"billing"})
			_, err4 := c.CommittedOffsets(within(t), n, "billing", ask)
			_, err5 := c.CommittedOffsets(within(t), n, "billing", nil)
			_, err6 := c.ListOffsets(within(t), n, Earliest, ask)
			_, err7 := c.ListOffsets(within(t), n, Latest, ask)
			if slices.Contains([]error{err1, err2, err3, err4, err5, err6, err7}, nil) {
				t.Errorf("registration %d: a call succeeded without an answer", registration)
			}
		}
		names := map[int16]string{
			keyListOffsets: listOffsets, keyOffsetFetch: offsetFetch, keyDescribeGroups: describeGroups,
			keyListGroups: listGroups, keyAPIVersions: apiVersions,
		}
		var sent []string
		for _, r := range f.seen() {
			sent = append(sent, fmt.Sprint(names[r.key], " ", r.version))
		}
		slices.Sort(sent)
		if got := strings.Join(slices.Compact(sent), ", "); got != want {
			t.Errorf("registration %d: sent %s; want %s", registration, got, want)
		}
	}
}

// The forms of Kafka 2.6, the newest that are used, two of them in the compact
// encoding.
func TestNewestForms(t *testing.T) {
	f := newFake(t, func(r received) answer {
		m := new(message)
		switch r.key {
		case keyAPIVersions:
			return versions(everything)
		case keyListOffsets: // throttle time; topics; partition, error, time, offset, leader epoch
			m.int32(0).int32(1).str("orders").int32(1).int32(0).int16(0).int64(-1).int64(42).int32(7)
		case keyOffsetFetch: // tagged fields; throttle time; topics; partition, offset, epoch, metadata, error
			m.int8(0).int32(0).int8(2).compact("orders").int8(2).int32(0).int64(40).int32(7).compact("").int16(0)
			m.int8(0).int8(0).int16(0).int8(0) // of the partition, the topic; the group's error; of the whole
		case keyDescribeGroups:
			m.int8(0).int32(0).int8(2) // tagged fields; throttle time; groups
			m.int16(0).compact("billing").compact("Stable").compact("consumer").compact("range").int8(2)
			m.compact("m-1").int8(0).compact("client").compact("/127.0.0.1") // no instance id
			s := subscription(1, "orders")
			m.int8(int8(len(s) + 1)).Write(s)
			m.int8(1).int8(0).int32(0).int8(0).int8(0) // assignment; member's; operations; group's; of the whole
		}
		return m.answer()
	})
	c, n := newTestClient(t), f.node(5)

	offsets, err := c.ListOffsets(within(t), n, Latest, map[string][]int32{"orders": {0}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := offsets.At("orders", 0); got != cluster.OffsetAt(42) || err != nil {
		t.Errorf("ListOffsets: %d, %v; want 42", got, err)
	}
	committed, err := c.CommittedOffsets(within(t), n, "billing", nil)
	want := []cluster.GroupOffsets{{Topic: "orders", Commits: []cluster.Commit{{Partition: 0, Offset: cluster.OffsetAt(40)}}}}
	if err != nil || !reflect.DeepEqual(committed, want) {
		t.Errorf("CommittedOffsets: %+v, %v; want %+v", committed, err, want)
	}
	described, err := c.DescribeGroups(within(t), n, []string{"billing"})
	group := described["billing"]
	if err != nil || group.Err != nil || group.State != "Stable" || group.Members != 1 || !slices.Equal(group.Topics, []string{"orders"}) {
		t.Errorf("DescribeGroups: %+v, %v", group, err)
	}
}

// Kafka 0.10 to 2.3 refuse the newer ApiVersions, in the shape of the oldest, and
// sarama asks again.
func TestObserveCountsWhatIsSent(t *testing.T) {
	f := newFake(t, func(r received) answer {
		if r.key != keyAPIVersions {
			return noTopics()
		}
		code := int16(0)
		if r.version > 0 {
			code = 35
		}
		return new(message).int16(code).int32(2).
			int16(keyAPIVersions).int16(0).int16(0).
			int16(keyListOffsets).int16(0).int16(1).answer()
	})
	var o observed
	c := NewClient(Options{Observe: o.observe})
	t.Cleanup(c.Close)
	for range 2 {
		if _, err := c.Probe(within(t), f.node(4)); err != nil {
			t.Fatal(err)
		}
	}
	if want := "ApiVersions failed, ApiVersions, ListOffsets, ListOffsets"; o.String() != want {
		t.Errorf("observed %s, want %s", &o, want)
	}
	f.stop()
	if _, err := c.Probe(within(t), f.node(4)); err == nil {
		t.Error("the probe of a broker that is gone succeeded")
	}
	if want := "ApiVersions failed, ApiVersions, ListOffsets, ListOffsets, ListOffsets failed"; o.String() != want {
		t.Errorf("observed %s, want %s: a dial that fails sends nothing", &o, want)
	}
}
