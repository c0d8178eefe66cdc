package kafka

import (
	"encoding/hex"
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/cluster"
)

// newKRaft starts a fake that knows what Kafka 4.4 knows, and answers as given.
func newKRaft(t *testing.T, handle func(received) answer) *fake {
	t.Helper()
	f := newFake(t, func(r received) answer {
		if r.key == keyAPIVersions {
			return versions(map[int16]int16{
				keyListOffsets: 11, keyMetadata: 13, keyOffsetFetch: 10, keyDescribeGroups: 6, keyListGroups: 5, keyDescribeConfigs: 4,
				keyReassignments: 0, keyDescribeQuorum: 2, keyDescribeCluster: 2, keyConsumerGroups: 1, keyElectLeaders: 2,
			})
		}
		return handle(r)
	})
	f.newcomer = as010
	return f
}

// ids adds a compact list of numbers.
func (m *message) ids(list ...int32) *message {
	m.int8(int8(len(list) + 1))
	for _, v := range list {
		m.int32(v)
	}
	return m
}

func TestReassignments(t *testing.T) {
	f := newKRaft(t, func(received) answer {
		m := new(message).int8(0).int32(0).int16(0).int8(0).int8(2).compact("orders").int8(2)
		return m.int32(3).ids(1, 2, 3).ids(3).ids(1).int8(0).int8(0).int8(0).answer()
	})
	got, err := newTestClient(t).Reassignments(within(t), f.node(0))
	want := Moves{"orders": {3: {Replicas: []int32{1, 2, 3}, Adding: []int32{3}, Removing: []int32{1}}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Reassignments = %+v, %v; want %+v", got, err, want)
	}
	// The header's tagged fields, the broker's own timeout, null for all topics.
	body := new(message).int8(0).int32(3000).int8(0).int8(0).Bytes()
	if seen := f.seen(keyReassignments); len(seen) != 1 || !slices.Equal(seen[0].body, body) {
		t.Errorf("%+v were sent, want one request with body %v", seen, body)
	}
}

func TestReassignmentsRefused(t *testing.T) {
	for code, want := range map[int16]string{41: string(cluster.BrokerProtocolError), 31: cluster.ReasonPermission, 7: string(cluster.BrokerTimeout)} {
		f := newKRaft(t, func(received) answer {
			return new(message).int8(0).int32(0).int16(code).compact("because").int8(1).int8(0).answer()
		})
		got, err := newTestClient(t).Reassignments(within(t), f.node(0))
		if got != nil || Reason(err) != want || IsNotController(err) != (code == 41) {
			t.Errorf("code %d: %v, %v with reason %s; want %s", code, got, err, Reason(err), want)
		}
	}
}

func TestDescribeCluster(t *testing.T) {
	f := newKRaft(t, func(received) answer {
		m := new(message).int8(0).int32(0).int16(0).int8(0).int8(1).compact("cluster-1").int32(2).int8(3)
		m.int32(1).compact("k1").int32(9092).compact("a").int8(0).int8(0)
		m.int32(2).compact("k2").int32(9092).int8(0).int8(1).int8(0)
		return m.int32(1 << OpDescribe).int8(0).answer()
	})
	got, err := newTestClient(t).DescribeCluster(within(t), f.node(0))
	want := &ClusterDescription{
		ClusterID: "cluster-1", Operations: OperationsOf(OpDescribe),
		Brokers: map[int32]*cluster.Registration{
			1: {ID: 1, Rack: "a", Endpoints: []cluster.Endpoint{{Host: "k1", Port: 9092}}},
			2: {ID: 2, Fenced: true, Endpoints: []cluster.Endpoint{{Host: "k2", Port: 9092}}},
		},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("DescribeCluster = %+v, %v; want %+v", got, err, want)
	}
	body := new(message).int8(0).int8(1).int8(1).int8(1).int8(0).Bytes()
	if seen := f.seen(keyDescribeCluster); len(seen) != 1 || !slices.Equal(seen[0].body, body) {
		t.Errorf("%+v were sent, want operations, brokers, and the fenced ones among them", seen)
	}
}

// What a Kafka 4.4.0 with one combined node answered to DescribeQuorum, from the
// header's tagged fields on.
const quorum440 = "00000001" + "02135f5f636c75737465725f6d6574616461746102000000000000010000000000000001000000000000001f02" +
	"000000000000000000000000000000000000000000000000000000" + "1f000001a2059a4c6d000001a2059a4c6d000100000200000000020b434f4e54524f4c4c45520a3132372e302e302e3167ae000000"

func TestQuorum(t *testing.T) {
	recorded, err := hex.DecodeString(quorum440)
	if err != nil {
		t.Fatal(err)
	}
	f := newKRaft(t, func(received) answer { return answer{body: recorded} })
	got, err := newTestClient(t).Quorum(within(t), f.node(0))
	want := &cluster.Quorum{Leader: 0, Epoch: 1, HighWatermark: 31, Voters: []cluster.QuorumReplica{{ID: 0, LogEnd: cluster.OffsetAt(31)}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Quorum = %+v, %v; want %+v", got, err, want)
	}
}

func TestQuorumRefused(t *testing.T) {
	for name, a := range map[string]answer{
		"as a whole":       new(message).int8(0).int16(31).compact("no").int8(1).int8(1).int8(0).answer(),
		"without a topic":  new(message).int8(0).int16(0).int8(0).int8(1).int8(1).int8(0).answer(),
		"at the partition": new(message).int8(0).int16(0).int8(0).int8(2).compact("__cluster_metadata").int8(2).int32(0).int16(6).int8(0).int32(-1).int32(0).int64(-1).int8(1).int8(1).int8(0).int8(0).int8(1).int8(0).answer(),
	} {
		f := newKRaft(t, func(received) answer { return a })
		got, err := newTestClient(t).Quorum(within(t), f.node(0))
		if got != nil || err == nil {
			t.Errorf("%s: Quorum = %+v, %v; want an error", name, got, err)
		}
		var code sarama.KError
		if errors.As(err, &code) == (name == "without a topic") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
