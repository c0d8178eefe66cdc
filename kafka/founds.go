package kafka

import (
	"context"
	"math"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evenkeel/evenkeel/cluster"
)

// Found is the first message of a log whose timestamp is at or after a time.
type Found struct {
	Offset cluster.Offset // unknown where there is no such message
	At     time.Time      // its timestamp; zero where it has none, or where there is no such message
}

// Founds are messages found by their timestamps, by topic and partition.
type Founds struct{ offsets Offsets }

// FoundsOf returns messages as if the node had found them, for those who stand in for
// a Client. Of the partitions without, the answer says that their logs have no
// timestamps. One that is in neither is one that it does not mention.
func FoundsOf(from Node, told map[string]map[int32]Found, without map[string][]int32) Founds {
	o := Offsets{from: from, topics: make(map[string][]offsetOrCode, len(told))}
	for topic, partitions := range told {
		for id, found := range partitions {
			millis := int64(-1)
			if !found.At.IsZero() {
				millis = millisOf(found.At)
			}
			o.topics[topic] = append(o.topics[topic], offsetOrCode{partition: id, offset: found.Offset, millis: millis})
		}
	}
	for topic, partitions := range without {
		for _, id := range partitions {
			o.topics[topic] = append(o.topics[topic], offsetOrCode{partition: id, code: sarama.ErrUnsupportedForMessageFormat, offset: cluster.UnknownOffset, millis: -1})
		}
	}
	o.sort()
	return Founds{o}
}

// At returns what was found in a partition, which may be that there is no such
// message, or why that is not known: the broker does not lead the partition, the user
// may not see it, or it was not asked for.
func (f Founds) At(topic string, partition int32) (Found, error) {
	told, err := f.offsets.find(topic, partition)
	switch {
	case err != nil:
		return Found{}, f.offsets.explain(topic, partition, err)
	case !told.offset.Known():
		return Found{}, nil
	case told.millis < 0:
		return Found{Offset: told.offset}, nil
	default:
		return Found{Offset: told.offset, At: time.UnixMilli(told.millis)}, nil
	}
}

// OffsetsSince looks for the first message at or after a time in each of many
// partitions, by topic, in one request. Times before 1970 count as the start of it.
// The broker must lead the partitions: of others it answers an error. Not every release
// can do this (see Identity.Timestamps). Only a failure of the whole request is
// returned as an error.
func (c *Client) OffsetsSince(ctx context.Context, n Node, ask map[string]map[int32]time.Time) (Founds, error) {
	request := newListOffsets(0)
	for topic, partitions := range ask {
		places := make([]kmsg.ListOffsetsRequestTopicPartition, 0, len(partitions))
		for id, since := range partitions {
			places = append(places, placeAt(id, millisOf(since)))
		}
		addPlaces(request, topic, places)
	}
	offsets, err := askOffsets(ctx, c, n, request, need{version: 1, what: "by a timestamp; Kafka 0.10.1 and later do"}, ask)
	return Founds{offsets}, err
}

// millisOf returns a time as Kafka counts it. A negative number would stand for a
// position, so that there is none.
func millisOf(t time.Time) int64 {
	switch seconds := t.Unix(); {
	case seconds < 0:
		return 0
	case seconds >= math.MaxInt64/1000:
		return math.MaxInt64
	default:
		return t.UnixMilli()
	}
}
