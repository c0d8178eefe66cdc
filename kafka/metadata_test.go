package kafka

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/evenkeel/evenkeel/cluster"
)

// partitionV7 adds a partition in the forms 7 and 8 of Metadata.
func partitionV7(m *message, code int16, id, leader, epoch int32, replicas, isr, offline []int32) {
	m.int16(code).int32(id).int32(leader).int32(epoch)
	for _, list := range [][]int32{replicas, isr, offline} {
		m.int32(int32(len(list)))
		for _, v := range list {
			m.int32(v)
		}
	}
}

func TestMetadata(t *testing.T) {
	f := newFake(t, func(r received) answer {
		if r.key == keyAPIVersions {
			return versions(map[int16]int16{keyMetadata: 8, keyUpdateMetadata: 5})
		}
		m := new(message).int32(0)                                                                   // throttle time
		m.int32(2).int32(1).str("k1").int32(9092).str("a").int32(2).str("::1").int32(9093).int16(-1) // brokers
		m.str("cluster-1").int32(2).int32(3)                                                         // controller; topics
		m.int16(0).str("orders").int8(0).int32(4)
		partitionV7(m, 9, 1, 1, 4, []int32{1, 2}, []int32{1}, []int32{2}) // a replica is not available
		partitionV7(m, 0, 0, 2, 7, []int32{2, 1}, []int32{2, 1}, nil)
		partitionV7(m, 5, 2, -1, 8, []int32{2, 1}, []int32{1}, []int32{1})
		partitionV7(m, 72, 3, 1, 9, []int32{1}, []int32{1}, nil)
		m.int32(1 << OpDescribe)
		m.int16(3).str("going").int8(0).int32(0).int32(-1 << 31)
		m.int16(0).str("bills").int8(0).int32(0).int32(-1 << 31)
		return m.int32(1<<OpAlter | 1<<OpDescribe).answer()
	})
	c := newTestClient(t)
	got, err := c.Metadata(within(t), f.node(4))
	if err != nil {
		t.Fatal(err)
	}
	want := &Metadata{
		Brokers: map[int32]*cluster.Registration{
			1: {ID: 1, Rack: "a", Endpoints: []cluster.Endpoint{{Host: "k1", Port: 9092}}},
			2: {ID: 2, Endpoints: []cluster.Endpoint{{Host: "::1", Port: 9093}}},
		},
		ClusterID: "cluster-1", Controller: 2,
		Picture: &cluster.Picture{OfflineTold: true, Topics: []cluster.Topic{
			{Name: "bills"},
			{Name: "going", Unreadable: true},
			{Name: "orders", Partitions: []cluster.Partition{
				{ID: 0, State: cluster.StateRecorded, Replicas: []int32{2, 1}, Leader: 2, ISR: []int32{2, 1}, LeaderEpoch: 7, Version: cluster.NoVersion},
				{ID: 1, State: cluster.StateRecorded, Replicas: []int32{1, 2}, Leader: 1, ISR: []int32{1}, Offline: []int32{2}, LeaderEpoch: 4, Version: cluster.NoVersion},
				{ID: 2, State: cluster.StateRecorded, Replicas: []int32{2, 1}, Leader: cluster.NoLeader, ISR: []int32{1}, Offline: []int32{1}, LeaderEpoch: 8, Version: cluster.NoVersion},
				{ID: 3, State: cluster.StateUnknown, Replicas: []int32{1}, Leader: 1, ISR: []int32{1}, LeaderEpoch: 9, Version: cluster.NoVersion},
			}},
		}},
		ClusterOperations: OperationsOf(OpAlter, OpDescribe),
		TopicOperations:   map[string]Operations{"orders": OperationsOf(OpDescribe), "going": {}, "bills": {}},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.AllowUnexported(Operations{}), cmpopts.IgnoreUnexported(cluster.Partition{}),
		cmp.Comparer(func(a, b cluster.Offset) bool { return a == b })); diff != "" {
		t.Errorf("Metadata (-want +got):\n%s", diff)
	}
	// All topics; none is to be created; both kinds of operations are to be told.
	body := new(message).int32(-1).int8(0).int8(1).int8(1).Bytes()
	if seen := f.seen(keyMetadata); len(seen) != 1 || seen[0].version != 8 || string(seen[0].body) != string(body) {
		t.Errorf("%+v were sent, want one request of version 8 with body %v", seen, body)
	}
}

// The form of 0.8 and 0.9 asks for all topics by an empty list, and tells less.
func TestMetadataVersion0(t *testing.T) {
	f := newFake(t, func(received) answer {
		m := new(message).int32(1).int32(1).str("k1").int32(9092).int32(1)
		m.int16(0).str("orders").int32(1)
		m.int16(0).int32(0).int32(1).int32(1).int32(1).int32(1).int32(1)
		return m.answer()
	})
	got, err := newTestClient(t).Metadata(within(t), f.node(2))
	if err != nil {
		t.Fatal(err)
	}
	p := got.Picture.Topics[0].Partitions[0]
	if got.Controller != -1 || got.ClusterID != "" || got.Picture.OfflineTold || p.LeaderEpoch != -1 || p.Leader != 1 || got.ClusterOperations.Told() {
		t.Errorf("Metadata = %+v, partition %+v", got, p)
	}
	if seen := f.seen(keyMetadata); len(seen) != 1 || seen[0].version != 0 || string(seen[0].body) != "\x00\x00\x00\x00" {
		t.Errorf("%+v were sent, want one request of version 0 with an empty list", seen)
	}
}

func TestBrokerThatKnowsNobody(t *testing.T) {
	f := newFake(t, func(received) answer { return new(message).int32(0).int32(0).answer() })
	got, err := newTestClient(t).Metadata(within(t), f.node(2))
	if got != nil || !errors.Is(err, ErrNotIntegrated) {
		t.Errorf("Metadata = %v, %v; want %v", got, err, ErrNotIntegrated)
	}
}

func TestOperations(t *testing.T) {
	for _, tt := range []struct {
		field int32
		op    Operation
		told  bool
		has   bool
	}{
		{-1 << 31, OpDescribe, false, false},
		{0, OpDescribe, true, false},
		{1 << 8, OpDescribe, true, true},
		{1 << 8, OpAlter, true, false},
		{-1, OpAlter, true, true},
		{328, OpRead, true, true}, // of a group, as Kafka 2.8 told it to a user who may do everything
		{328, OpAlter, true, false},
	} {
		o := operationsOf(tt.field)
		if o.Told() != tt.told || o.Has(tt.op) != tt.has {
			t.Errorf("operationsOf(%d): told %v, %d: %v; want %v, %v", tt.field, o.Told(), tt.op, o.Has(tt.op), tt.told, tt.has)
		}
	}
}
