package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evenkeel/evenkeel/cluster"
)

// Position is a place in a log that ListOffsets can be asked for.
type Position int64

// The positions, by the timestamps that stand for them in the protocol.
const (
	Earliest Position = Position(sarama.OffsetOldest) // the start of the log
	Latest   Position = Position(sarama.OffsetNewest) // its end for consumers: the high watermark

	// LastStable is the end for consumers that read committed messages only: the last
	// stable offset, which lies before the first message of an open transaction. Not
	// every release tells it (see Identity.StableOffsets). The number is ours: the
	// protocol has no timestamp for it, but an isolation level beside that of Latest.
	LastStable Position = math.MinInt64
)

// readCommitted is the isolation level of consumers that read committed messages only.
const readCommitted = 1

// inProtocol returns how a position is asked for.
func (p Position) inProtocol() (timestamp int64, isolation int8, of need) {
	if p == LastStable {
		return int64(Latest), readCommitted, need{version: 2, what: "for the last stable offset; Kafka 0.11 and later do"}
	}
	return int64(p), 0, need{}
}

// errNoOffset is the error of a partition of which the answer tells nothing.
var errNoOffset = errors.New("the answer has no offset for it")

// Offsets are positions in logs, by topic and partition.
type Offsets struct {
	from   Node
	topics map[string][]offsetOrCode // by topic, each by partition
}

type offsetOrCode struct {
	partition int32
	code      sarama.KError
	offset    cluster.Offset
	millis    int64 // the timestamp of the message there, -1 for none
}

func (o offsetOrCode) compare(partition int32) int { return cmp.Compare(o.partition, partition) }

// OffsetsOf returns offsets as if the node had told them, for those who stand in
// for a Client. A partition that is not among them counts as one that the answer
// does not mention.
func OffsetsOf(from Node, told map[string]map[int32]cluster.Offset) Offsets {
	o := Offsets{from: from, topics: make(map[string][]offsetOrCode, len(told))}
	for topic, partitions := range told {
		for id, offset := range partitions {
			o.topics[topic] = append(o.topics[topic], offsetOrCode{partition: id, offset: offset, millis: -1})
		}
	}
	o.sort()
	return o
}

// sort makes the partitions of each topic findable.
func (o Offsets) sort() {
	for _, partitions := range o.topics {
		slices.SortFunc(partitions, func(a, b offsetOrCode) int { return a.compare(b.partition) })
	}
}

// At returns the offset of a partition, or UnknownOffset and why it is not known:
// the broker does not lead the partition, the user may not see it, or it was not
// asked for.
func (o Offsets) At(topic string, partition int32) (cluster.Offset, error) {
	told, err := o.find(topic, partition)
	if err == nil && !told.offset.Known() {
		err = errNoOffset
	}
	if err != nil {
		return cluster.UnknownOffset, o.explain(topic, partition, err)
	}
	return told.offset, nil
}

// find returns what is told of a partition, or why nothing is.
func (o Offsets) find(topic string, partition int32) (told offsetOrCode, err error) {
	i, ok := slices.BinarySearchFunc(o.topics[topic], partition, offsetOrCode.compare)
	if !ok {
		return told, errNoOffset
	}
	told = o.topics[topic][i]
	return told, codeError(told.code, "")
}

// explain names the partition that an error is about.
func (o Offsets) explain(topic string, partition int32, err error) error {
	return fmt.Errorf("%s: topic %s, partition %d: %w", o.from, topic, partition, err)
}

// ListOffsets asks for one position in the logs of many partitions, by topic. The
// broker must lead them: of others it answers an error. Only a failure of the whole
// request is returned as an error.
func (c *Client) ListOffsets(ctx context.Context, n Node, position Position, ask map[string][]int32) (Offsets, error) {
	request, of := positionRequest(position, ask)
	return askOffsets(ctx, c, n, request, of, ask)
}

// positionRequest asks for one position in many logs.
func positionRequest(position Position, ask map[string][]int32) (*kmsg.ListOffsetsRequest, need) {
	timestamp, isolation, of := position.inProtocol()
	request := newListOffsets(isolation)
	for topic, partitions := range ask {
		places := make([]kmsg.ListOffsetsRequestTopicPartition, len(partitions))
		for i, id := range partitions {
			places[i] = placeAt(id, timestamp)
		}
		addPlaces(request, topic, places)
	}
	return request, of
}
