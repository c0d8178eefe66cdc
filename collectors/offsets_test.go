package collectors

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

func TestStartsAndEndsGoWhereTheyBelong(t *testing.T) {
	f := newFake()
	f.offsets = map[kafka.Position]map[string]map[int32]cluster.Offset{
		kafka.Latest:   {"test": {0: cluster.OffsetAt(105)}, "__consumer_offsets": {0: cluster.OffsetAt(9)}},
		kafka.Earliest: {"test": {0: cluster.OffsetAt(5), 1: cluster.OffsetAt(7)}, "__consumer_offsets": {0: cluster.OffsetAt(0)}},
	}
	s := poller(t, f).poll(t)
	picture, _ := s.Picture.Get()
	p0, p1 := picture.Topic("test").Partition(0), picture.Topic("test").Partition(1)
	if p0.Start.Int() != 5 || p0.End.Int() != 105 || p1.Start.Int() != 7 || p1.End.Known() {
		t.Errorf("partition 0 from %d to %d, partition 1 from %d to %d", p0.Start.Int(), p0.End.Int(), p1.Start.Int(), p1.End.Int())
	}
	o := s.Outcomes[cluster.SourceOffsets]
	if o.Err != nil || len(o.Faults) != 1 || !strings.Contains(o.Faults[0].Err.Error(), "no answer for 1 partitions") {
		t.Errorf("one end was not told: %+v", o)
	}
}

func TestOffsetsOfPartitionsThatNobodyLeadsAreNotAskedFor(t *testing.T) {
	f := newFake()
	f.topic("__consumer_offsets").Deleting = true
	f.topic("test").Partitions[0].Leader = cluster.NoLeader
	f.topic("test").Partitions[1].State, f.topic("test").Partitions[1].Leader = cluster.StateUnknown, cluster.NoLeader
	s := poller(t, f).poll(t)
	if asked := f.calls("offsets"); len(asked) > 0 {
		t.Errorf("asked %q", asked)
	}
	if o := s.Outcomes[cluster.SourceOffsets]; o.Err != nil || len(o.Faults) > 0 {
		t.Errorf("there was nothing to ask for, yet %+v", o)
	}
}

func TestOffsetsFailAsAWholeOnlyWithoutAnyAnswer(t *testing.T) {
	const leader0, leader1 = "offsets 0 -1 map[test:[0]]", "offsets 1 -1 map[__consumer_offsets:[0] test:[1]]"
	f := newFake()
	broken := errors.New("broken")
	f.fail[leader0] = broken
	if err := poller(t, f).poll(t).Outcomes[cluster.SourceOffsets].Err; err != nil {
		t.Errorf("one leader answered, yet %v", err)
	}
	if asked := f.calls("offsets 0"); !slices.Equal(asked, []string{leader0}) {
		t.Errorf("the leader that failed was asked for more: %q", asked)
	}
	f.fail[leader1] = broken
	if err := poller(t, f).poll(t).Outcomes[cluster.SourceOffsets].Err; !errors.Is(err, broken) {
		t.Errorf("no leader answered: %v", err)
	}
	f.fail = map[string]error{"probe 0 b:9000": broken, "probe 1 b:9001": broken}
	s := poller(t, f).poll(t)
	for _, source := range []cluster.Source{cluster.SourceGroups, cluster.SourceOffsets} {
		if err := s.Outcomes[source].Err; !errors.Is(err, cluster.ErrDepends) {
			t.Errorf("%s without a broker that answers: %v", source, err)
		}
	}
}
