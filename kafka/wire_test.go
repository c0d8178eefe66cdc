package kafka

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evenkeel/evenkeel/cluster"
)

// everything is what Kafka 2.6 knows of the requests that we send.
var everything = map[int16]int16{
	keyListOffsets: 5, keyMetadata: 9, keyUpdateMetadata: 6, keyOffsetFetch: 7, keyDescribeGroups: 5, keyListGroups: 4,
	keyDescribeConfigs: 3, keyReassignments: 0, keyFetch: 11,
}

// What is sent to a watched cluster, by release and by how it is known to us. The
// fake broker itself fails the test on any request that is not safe.
func TestWhatIsSentToWhichRelease(t *testing.T) {
	const (
		of08  = "Fetch 0, ListOffsets 0, Metadata 0, OffsetFetch 1"
		old   = "DescribeGroups 0, Fetch 1, ListGroups 0, ListOffsets 0, Metadata 0, OffsetFetch 1"
		of101 = "ApiVersions 3, DescribeGroups 0, Fetch 2, ListGroups 0, ListOffsets 1, Metadata 2, OffsetFetch 1"
		of010 = "ApiVersions 3, DescribeGroups 0, ListGroups 0, ListOffsets 1, Metadata 2, OffsetFetch 2"
		of26  = "ApiVersions 3, DescribeConfigs 3, DescribeGroups 5, ListGroups 4, ListOffsets 5, ListPartitionReassignments 0, Metadata 9, OffsetFetch 7"
		of44  = "ApiVersions 3, ConsumerGroupDescribe 1, DescribeCluster 2, DescribeConfigs 4, DescribeGroups 5, DescribeQuorum 2, " +
			"ListGroups 5, ListOffsets 6, ListPartitionReassignments 0, Metadata 12, OffsetFetch 7, OffsetFetch 8"
	)
	knows101 := map[int16]int16{keyFetch: 3, keyListOffsets: 1, keyMetadata: 2, keyUpdateMetadata: 2, keyOffsetFetch: 1, keyDescribeGroups: 0, keyListGroups: 0}
	knows010 := map[int16]int16{keyFetch: 3, keyListOffsets: 1, keyMetadata: 2, keyUpdateMetadata: 3, keyOffsetFetch: 2, keyDescribeGroups: 0, keyListGroups: 0}
	knows44 := map[int16]int16{
		keyFetch:       18,
		keyListOffsets: 11, keyMetadata: 13, keyOffsetFetch: 10, keyDescribeGroups: 6, keyListGroups: 5, keyDescribeConfigs: 4,
		keyReassignments: 0, keyDescribeQuorum: 2, keyDescribeCluster: 2, keyConsumerGroups: 1, keyElectLeaders: 2,
	}
	for _, tt := range []struct {
		name         string
		registration int
		newcomer     func() answer // nil where the broker must not be asked
		version      string
		knows        map[int16]int16
		want         string
	}{
		{"0.8", 1, nil, "", nil, of08},
		{"0.9", 2, as09, "", nil, old},
		{"0.9 at a bootstrap address", 0, as09, "", nil, old},
		{"0.10.1", 3, nil, "", knows101, of101},
		{"0.10.2", 4, nil, "", knows010, of010},
		{"0.10.2 at a bootstrap address", 0, as010, "", knows010, of010},
		{"0.10.2 that registers as 0.9", 2, as010, "", knows010, of010},
		{"2.6", 4, nil, "", everything, of26},
		{"2.6, said to be 0.10.2", 4, nil, "0.10.2.2", everything, of010},
		{"2.6, said to be 0.10.1", 4, nil, "0.10.1.1", everything, of101},
		{"2.6, said to be 0.9", 4, nil, "0.9.0.1", everything, old},
		{"4.4", 0, as010, "", knows44, of44},
		{"4.4, said to be 4.4", 0, nil, "4.4.0", knows44, of44},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(t, func(r received) answer {
				if r.key == keyAPIVersions {
					return versions(tt.knows)
				}
				return answer{hangUp: true} // so that everything else fails, and is tried anew
			})
			f.newcomer, f.since09 = tt.newcomer, tt.registration == 0
			c := NewClient(Options{Version: tt.version})
			t.Cleanup(c.Close)
			for range 2 {
				askEverything(t, c, f.node(tt.registration))
			}
			if got := f.kinds(); got != tt.want {
				t.Errorf("sent %s; want %s", got, tt.want)
			}
		})
	}
}

// askEverything makes each call once, and fails the test if one succeeds.
func askEverything(t *testing.T, c *Client, n Node) {
	t.Helper()
	ctx, ask, group := within(t), map[string][]int32{"orders": {0}}, []string{"billing"}
	_, err1 := c.Probe(ctx, n)
	_, err2 := c.ListGroups(ctx, n)
	_, err3 := c.DescribeGroups(ctx, n, group)
	_, err4 := c.CommittedOffsets(ctx, n, "billing", ask)
	_, err5 := c.CommittedOffsets(ctx, n, "billing", nil)
	_, err6 := c.ListOffsets(ctx, n, Earliest, ask)
	_, err7 := c.ListOffsets(ctx, n, Latest, ask)
	_, err8 := c.Metadata(ctx, n)
	_, err9 := c.Reassignments(ctx, n)
	_, err10 := c.DescribeCluster(ctx, n)
	_, _, err11 := c.TopicConfigs(ctx, n, []string{"orders"}, "min.insync.replicas")
	_, err12 := c.BrokerConfig(ctx, n, "min.insync.replicas")
	_, err13 := c.DescribeConsumerGroups(ctx, n, group)
	_, err14 := c.CommittedOffsetsOf(ctx, n, group)
	_, err15 := c.Quorum(ctx, n)
	_, err16 := c.ListOffsets(ctx, n, LastStable, ask)
	_, err17 := c.OffsetsSince(ctx, n, map[string]map[int32]time.Time{"orders": {0: time.UnixMilli(7)}})
	_, err18 := c.CommitKeys(ctx, n, 0, cluster.UnknownOffset)
	for i, err := range []error{err1, err2, err3, err4, err5, err6, err7, err8, err9, err10, err11, err12, err13, err14, err15, err16, err17, err18} {
		if err == nil {
			t.Errorf("call %d succeeded without an answer", i+1)
		}
	}
}

// kinds returns the kinds of requests that the fake received, sorted.
func (f *fake) kinds() string {
	var sent []string
	for _, r := range f.seen() {
		sent = append(sent, fmt.Sprint(kmsg.NameForKey(r.key), " ", r.version))
	}
	slices.Sort(sent)
	return strings.Join(slices.Compact(sent), ", ")
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

// Kafka 0.10 to 2.3 refuse the newer ApiVersions, in the shape of the oldest, and are
// asked again.
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
	if want := "ApiVersions, ApiVersions, ListOffsets, ListOffsets"; o.String() != want {
		t.Errorf("observed %s, want %s", &o, want)
	}
	f.stop()
	if _, err := c.Probe(within(t), f.node(4)); err == nil {
		t.Error("the probe of a broker that is gone succeeded")
	}
	if want := "ApiVersions, ApiVersions, ListOffsets, ListOffsets, ListOffsets failed"; o.String() != want {
		t.Errorf("observed %s, want %s: a dial that fails sends nothing", &o, want)
	}
}

// A broker may lead more partitions than the buffer that is kept can name.
func TestRequestLargerThanTheBuffer(t *testing.T) {
	f := newFake(t, func(received) answer { return noTopics() })
	ask := map[string][]int32{"orders": make([]int32, mostBuffer/8)}
	for i := range ask["orders"] {
		ask["orders"][i] = int32(i)
	}
	c := newTestClient(t)
	for range 2 {
		if _, err := c.ListOffsets(within(t), f.node(2), Latest, ask); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range f.seen(keyListOffsets) {
		if len(r.body) <= mostBuffer {
			t.Errorf("a request of %d bytes was sent, want more than %d", len(r.body), mostBuffer)
		}
	}
}
