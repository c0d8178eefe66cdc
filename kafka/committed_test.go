package kafka

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/cluster"
)

// commit adds a partition's commit to an answer of the versions 0 to 4.
func commit(m *message, partition int32, offset int64, code int16) *message {
	return m.int32(partition).int64(offset).str("").int16(code)
}

func TestCommittedOffsetsOfNamedPartitions(t *testing.T) {
	f := newFake(t, func(received) answer {
		m := new(message).int32(3)
		m.str("orders").int32(4)
		commit(m, 2, 7, 0)
		commit(m, 0, 5, 0)
		commit(m, 1, -1, 0) // no commit
		commit(m, 3, -1, 3) // an error
		commit(m.str("never").int32(1), 0, -1, 0)
		commit(m.str("bills").int32(1), 0, 0, 0)
		return m.answer()
	})
	ask := map[string][]int32{"orders": {0, 1, 2, 3, 4, 4}, "bills": {0}, "never": {0}}
	got, err := newTestClient(t).CommittedOffsets(within(t), f.node(2), "billing", ask)
	want := []cluster.GroupOffsets{
		{Topic: "bills", Commits: []cluster.Commit{{Partition: 0, Offset: cluster.OffsetAt(0)}}},
		{Topic: "orders", Commits: []cluster.Commit{
			{Partition: 0, Offset: cluster.OffsetAt(5)},
			{Partition: 2, Offset: cluster.OffsetAt(7)},
			{Partition: 3, Offset: cluster.UnknownOffset},
			{Partition: 4, Offset: cluster.UnknownOffset}, // asked for, not answered
		}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("CommittedOffsets = %+v, %v; want %+v", got, err, want)
	}
	// Version 0 would tell what is in ZooKeeper.
	if seen := f.seen(); len(seen) != 1 || seen[0].version != 1 {
		t.Errorf("%+v were sent, want one request of version 1", seen)
	}
}

func TestCommittedOffsetsOfAll(t *testing.T) {
	f := newFake(t, func(r received) answer {
		if r.key == keyAPIVersions {
			return versions(map[int16]int16{keyOffsetFetch: 2})
		}
		m := commit(new(message).int32(1).str("orders").int32(1), 0, 5, 0)
		return m.int16(0).answer()
	})
	got, err := newTestClient(t).CommittedOffsets(within(t), f.node(4), "billing", nil)
	want := []cluster.GroupOffsets{{Topic: "orders", Commits: []cluster.Commit{{Partition: 0, Offset: cluster.OffsetAt(5)}}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("CommittedOffsets = %+v, %v; want %+v", got, err, want)
	}
	body := new(message).str("billing").int32(-1).Bytes() // null means all, empty means none
	if seen := f.seen(keyOffsetFetch); len(seen) != 1 || seen[0].version != 2 || !bytes.Equal(seen[0].body, body) {
		t.Errorf("%+v were sent, want one request of version 2 with body %v", seen, body)
	}
}

func TestAllCommitsCannotBeAskedOfOldReleases(t *testing.T) {
	f := newFake(t, func(r received) answer {
		if r.key == keyAPIVersions {
			return versions(map[int16]int16{keyOffsetFetch: 1}) // less than the registration promises
		}
		return noTopics()
	})
	for _, registration := range []int{1, 2, 3, 4} {
		got, err := newTestClient(t).CommittedOffsets(within(t), f.node(registration), "billing", nil)
		var unknown *unknownError
		if got != nil || !errors.As(err, &unknown) {
			t.Errorf("registration %d: CommittedOffsets = %v, %v; want it refused without asking", registration, got, err)
		}
	}
	if seen := f.seen(keyOffsetFetch); len(seen) != 0 {
		t.Errorf("%+v were sent, want nothing", seen)
	}
}

func TestCommittedOffsetsOfNothingAsksNothing(t *testing.T) {
	f := newFake(t, func(received) answer { return answer{hangUp: true} })
	for _, ask := range []map[string][]int32{{}, {"orders": nil}} {
		got, err := newTestClient(t).CommittedOffsets(within(t), f.node(4), "billing", ask)
		if len(got) != 0 || err != nil {
			t.Errorf("CommittedOffsets(%v) = %v, %v", ask, got, err)
		}
	}
	if n := len(f.seen()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestErrorOfTheWholeGroup(t *testing.T) {
	for _, tt := range []struct {
		name         string
		registration int
		answer       answer
		want         error
	}{
		{
			"version 1, at each partition", 2,
			commit(new(message).int32(1).str("orders").int32(1), 0, -1, 16).answer(),
			sarama.ErrNotCoordinatorForConsumer,
		},
		{"version 2, of its own", 4, new(message).int32(0).int16(14).answer(), sarama.ErrOffsetsLoadInProgress},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(t, func(r received) answer {
				if r.key == keyAPIVersions {
					return versions(map[int16]int16{keyOffsetFetch: 2})
				}
				return tt.answer
			})
			ask := map[string][]int32{"orders": {0}}
			got, err := newTestClient(t).CommittedOffsets(within(t), f.node(tt.registration), "billing", ask)
			if got != nil || !errors.Is(err, tt.want) {
				t.Errorf("CommittedOffsets = %v, %v; want %v", got, err, tt.want)
			}
		})
	}
}
