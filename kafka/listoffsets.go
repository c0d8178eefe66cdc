package kafka

import (
	"context"
	"slices"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evenkeel/evenkeel/cluster"
)

// listOffsetsForm is the newest form of ListOffsets that we know. The next ones only
// add places to ask for.
const listOffsetsForm = 6

// need is the oldest form of a request that can ask for something. Its zero value is
// that any form can.
type need struct {
	version int16
	what    string // what it is, and which releases can
}

// newListOffsets returns a request of a consumer for no places yet.
func newListOffsets(isolation int8) *kmsg.ListOffsetsRequest {
	request := kmsg.NewPtrListOffsetsRequest()
	request.ReplicaID, request.IsolationLevel = -1, isolation
	return request
}

// placeAt is the place in a log that a timestamp stands for.
func placeAt(partition int32, timestamp int64) kmsg.ListOffsetsRequestTopicPartition {
	p := kmsg.NewListOffsetsRequestTopicPartition()
	p.Partition, p.Timestamp, p.MaxNumOffsets = partition, timestamp, 1
	return p
}

// addPlaces adds the places of a topic to a request, if there are any.
func addPlaces(request *kmsg.ListOffsetsRequest, topic string, places []kmsg.ListOffsetsRequestTopicPartition) {
	if len(places) == 0 {
		return
	}
	t := kmsg.NewListOffsetsRequestTopic()
	t.Topic, t.Partitions = topic, places
	request.Topics = append(request.Topics, t)
}

// askOffsets sends a request for places in logs, unless it is for none, and keeps of
// the answer the topics that were asked for.
func askOffsets[V any](ctx context.Context, c *Client, n Node, request *kmsg.ListOffsetsRequest, of need, asked map[string]V) (Offsets, error) {
	if len(request.Topics) == 0 {
		return Offsets{from: n}, nil
	}
	offsets, err := work(ctx, c, n, listOffsets, func(l *link) (offsets Offsets, err error) {
		request.Version, err = l.known.pick(request.Key(), listOffsetsForm)
		if err == nil && request.Version < of.version {
			err = &unknownError{needed: " " + of.what}
		}
		if err != nil {
			return Offsets{}, err
		}
		err = l.read(request, func(r *reader) { offsets = readOffsets(r, request.Version, asked) })
		return offsets, err
	})
	offsets.from = n
	return offsets, err
}

// readOffsets reads an answer of any version up to ours, and keeps of it the topics
// that were asked for.
func readOffsets[V any](r *reader, version int16, asked map[string]V) Offsets {
	if version >= 2 {
		r.int32() // the time for which we are throttled
	}
	o := Offsets{topics: make(map[string][]offsetOrCode, len(asked))}
	for n := r.array(6); n > 0 && r.err == nil; n-- {
		topic := r.text()
		partitions := r.array(10)
		told := slices.Grow(o.topics[string(topic)], partitions)
		for ; partitions > 0 && r.err == nil; partitions-- {
			told = append(told, readOffset(r, version))
		}
		if _, wanted := asked[string(topic)]; wanted {
			o.topics[string(topic)] = told
		}
		r.tags()
	}
	r.tags()
	o.sort()
	return o
}

// readOffset reads what is told of a partition. Version 0, the only one before Kafka
// 0.10.1, answers with a list of offsets, the greatest first. It holds the one that we
// asked for, and may be empty.
func readOffset(r *reader, version int16) offsetOrCode {
	told := offsetOrCode{partition: r.int32(), code: sarama.KError(r.int16()), millis: -1}
	if version == 0 {
		for i := range r.array(8) {
			if offset := r.int64(); i == 0 {
				told.offset = cluster.OffsetAt(offset)
			}
		}
		return told
	}
	told.millis = r.int64()
	told.offset = cluster.OffsetAt(r.int64())
	if version >= 4 {
		r.int32() // leader epoch
	}
	r.tags()
	return told
}
