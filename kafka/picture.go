package kafka

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/cluster"
)

// metadataReader reads answers to Metadata, the largest there are.
type metadataReader struct {
	*reader
	version int16
}

// readMetadata reads an answer of any version up to ours.
func readMetadata(from *reader, version int16) *Metadata {
	r := metadataReader{reader: from, version: version}
	m := &Metadata{
		Brokers: map[int32]*cluster.Registration{}, Controller: -1,
		Picture:         &cluster.Picture{OfflineTold: version >= 5},
		TopicOperations: map[string]Operations{},
	}
	if version >= 3 {
		r.int32() // the time for which we are throttled
	}
	for n := r.array(10); n > 0 && r.err == nil; n-- {
		b := r.broker()
		m.Brokers[b.ID] = b
	}
	if version >= 2 {
		m.ClusterID = string(r.text())
	}
	if version >= 1 {
		m.Controller = r.int32()
	}
	for n := r.array(6); n > 0 && r.err == nil; n-- {
		t, operations := r.topic()
		m.Picture.Topics = append(m.Picture.Topics, t)
		if version >= 8 {
			m.TopicOperations[t.Name] = operationsOf(operations)
		}
	}
	if version >= 8 && version <= 10 {
		m.ClusterOperations = operationsOf(r.int32())
	}
	r.tags()
	slices.SortFunc(m.Picture.Topics, func(a, b cluster.Topic) int { return strings.Compare(a.Name, b.Name) })
	return m
}

func (r *metadataReader) broker() *cluster.Registration {
	id, host, port, rack := r.int32(), string(r.text()), r.int32(), ""
	if r.version >= 1 {
		rack = string(r.text())
	}
	r.tags()
	return registration(id, host, port, rack)
}

func (r *metadataReader) topic() (t cluster.Topic, operations int32) {
	code := sarama.KError(r.int16())
	t.Name = string(r.text())
	if r.version >= 10 {
		if id := r.take(16); string(id) != noTopicID {
			t.ID = base64.RawURLEncoding.EncodeToString(id)
		}
	}
	if r.version >= 1 {
		r.take(1) // whether it is internal
	}
	n := r.array(16)
	// With no partition there is nothing to read beside the error; a topic that is
	// about to get a leader has both.
	t.Unreadable = code != sarama.ErrNoError && n == 0
	t.Partitions = make([]cluster.Partition, 0, min(n, mostAtOnce))
	for ; n > 0 && r.err == nil; n-- {
		t.Partitions = append(t.Partitions, r.partition())
	}
	if r.version >= 8 {
		operations = r.int32()
	}
	r.tags()
	slices.SortFunc(t.Partitions, func(a, b cluster.Partition) int { return cmp.Compare(a.ID, b.ID) })
	return t, operations
}

// noTopicID is the id of a topic that has none.
var noTopicID = string(make([]byte, 16))

// mostAtOnce is for how many elements memory is taken before they have been read. More
// are appended: what a broker announces may be much larger in memory than on the wire.
const mostAtOnce = 1000

func (r *metadataReader) partition() cluster.Partition {
	p := cluster.Partition{State: cluster.StateRecorded, LeaderEpoch: -1, Version: cluster.NoVersion}
	code := sarama.KError(r.int16())
	p.ID, p.Leader = r.int32(), r.int32()
	if r.version >= 7 {
		p.LeaderEpoch = r.int32()
	}
	p.Replicas, p.ISR = r.ids(), r.ids()
	if r.version >= 5 {
		p.Offline = r.ids()
	}
	r.tags()
	switch code {
	case sarama.ErrNoError, sarama.ErrReplicaNotAvailable:
		// The latter says that a replica is missing, and nothing of the leader.
	case sarama.ErrLeaderNotAvailable:
		p.Leader = cluster.NoLeader
	default:
		// Of a leader without a listener like the one that was asked, Kafka tells
		// no more than that it exists.
		p.State = cluster.StateUnknown
	}
	if p.State == cluster.StateRecorded && p.Leader < 0 {
		p.Leader = cluster.NoLeader
	}
	return p
}
