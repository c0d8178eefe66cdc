package kafka

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/cluster"
)

func TestDescribeConsumerGroups(t *testing.T) {
	f := newKRaft(t, func(received) answer {
		m := new(message).int8(0).int32(0).int8(3)
		m.int16(0).int8(0).compact("billing").compact("Stable").int32(5).int32(5).compact("uniform").int8(2)
		m.compact("m-1").int8(0).int8(0).int32(5).compact("client").compact("/127.0.0.1").int8(2).compact("orders").int8(0)
		for _, topic := range []string{"orders", "bills"} { // what it has, and what it is to have
			m.int8(2)
			m.Write(make([]byte, 16))
			m.compact(topic).ids(0, 1).int8(0).int8(0)
		}
		m.int8(1).int8(0).int32(1 << OpRead).int8(0)
		m.int16(69).int8(0).compact("gone").compact("").int32(0).int32(0).compact("").int8(1).int32(-1 << 31).int8(0)
		return m.int8(0).answer()
	})
	got, err := newTestClient(t).DescribeConsumerGroups(within(t), f.node(0), []string{"billing", "gone", "forgotten"})
	if err != nil {
		t.Fatal(err)
	}
	b := got["billing"]
	if b.Err != nil || b.State != "Stable" || b.ProtocolType != "consumer" || b.Members != 1 || b.Idle != 0 || !slices.Equal(b.Topics, []string{"bills", "orders"}) || !b.Operations.Has(OpRead) {
		t.Errorf("billing = %+v", b)
	}
	if g := got["gone"]; g.Members != cluster.UnknownMembers || g.Idle != cluster.UnknownMembers || !isCode(g.Err, sarama.ErrGroupIDNotFound) {
		t.Errorf("gone = %+v", g)
	}
	if g := got["forgotten"]; g.Members != cluster.UnknownMembers || g.Idle != cluster.UnknownMembers || !errors.Is(g.Err, errNotAnswered) {
		t.Errorf("forgotten = %+v", g)
	}
}

func TestCommittedOffsetsOfSeveralGroups(t *testing.T) {
	f := newKRaft(t, func(received) answer {
		m := new(message).int8(0).int32(0).int8(3)
		m.compact("billing").int8(2).compact("orders").int8(2).int32(0).int64(40).int32(7).compact("").int16(0).int8(0).int8(0).int16(0).int8(0)
		m.compact("moved").int8(1).int16(16).int8(0)
		return m.int8(0).answer()
	})
	got, err := newTestClient(t).CommittedOffsetsOf(within(t), f.node(0), []string{"billing", "moved", "forgotten"})
	if err != nil {
		t.Fatal(err)
	}
	want := []cluster.GroupOffsets{{Topic: "orders", Commits: []cluster.Commit{{Partition: 0, Offset: cluster.OffsetAt(40)}}}}
	if g := got["billing"]; g.Err != nil || !reflect.DeepEqual(g.Topics, want) {
		t.Errorf("billing = %+v, want %+v", g, want)
	}
	if g := got["moved"]; g.Topics != nil || !errors.Is(g.Err, sarama.ErrNotCoordinatorForConsumer) {
		t.Errorf("moved = %+v", g)
	}
	if g := got["forgotten"]; g.Topics != nil || !errors.Is(g.Err, errNotAnswered) {
		t.Errorf("forgotten = %+v", g)
	}
	// Null, not an empty list, stands for all topics of each of three groups.
	body := new(message).int8(0).int8(4).compact("billing").int8(0).int8(0).compact("moved").int8(0).int8(0).compact("forgotten").int8(0).int8(0).int8(0).int8(0).Bytes()
	if seen := f.seen(keyOffsetFetch); len(seen) != 1 || seen[0].version != 8 || !slices.Equal(seen[0].body, body) {
		t.Errorf("%+v were sent, want one request of version 8 with body %v", seen, body)
	}
}
