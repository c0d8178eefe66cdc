package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

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
)

// listOffsetsForm is the newest form of ListOffsets that we know. The next ones only
// add places to ask for.
const listOffsetsForm = 6

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
}

func (o offsetOrCode) compare(partition int32) int { return cmp.Compare(o.partition, partition) }

// OffsetsOf returns offsets as if the node had told them, for those who stand in
// for a Client. A partition that is not among them counts as one that the answer
// does not mention.
func OffsetsOf(from Node, told map[string]map[int32]cluster.Offset) Offsets {
	o := Offsets{from: from, topics: make(map[string][]offsetOrCode, len(told))}
	for topic, partitions := range told {
		for id, offset := range partitions {
			o.topics[topic] = append(o.topics[topic], offsetOrCode{partition: id, offset: offset})
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
	err := errNoOffset
	if i, ok := slices.BinarySearchFunc(o.topics[topic], partition, offsetOrCode.compare); ok {
		found := o.topics[topic][i]
		switch {
		case found.code != sarama.ErrNoError:
			err = found.code
		case found.offset.Known():
			return found.offset, nil
		}
	}
	return cluster.UnknownOffset, fmt.Errorf("%s: topic %s, partition %d: %w", o.from, topic, partition, err)
}

// Probe asks the broker for the offsets of no topics at all, over a connection
// that nothing else uses. It returns the time from the request to the answer,
// without the time that connecting took.
func (c *Client) Probe(ctx context.Context, n Node) (took time.Duration, err error) {
	t, err := c.target(n)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", n, err)
	}
	t.node.Store(&n)
	t.anew.Store(0)
	return c.probe(ctx, t, n)
}

func (c *Client) probe(ctx context.Context, t *target, n Node) (took time.Duration, err error) {
	return run(ctx, c, t, n, t.probe, listOffsets, func(l *link) (time.Duration, error) {
		version, err := l.known.pick(kmsg.ListOffsets.Int16(), listOffsetsForm)
		if err != nil {
			return 0, err
		}
		l.socket.small.Store(true)
		defer l.socket.small.Store(false)
		asked := time.Now()
		_, err = l.broker.GetAvailableOffsets(&sarama.OffsetRequest{Version: version})
		return time.Since(asked), l.discreet(err)
	})
}

// ListOffsets asks for one position in the logs of many partitions, by topic. The
// broker must lead them: of others it answers an error. Only a failure of the whole
// request is returned as an error.
func (c *Client) ListOffsets(ctx context.Context, n Node, position Position, ask map[string][]int32) (Offsets, error) {
	if !names(ask) {
		return Offsets{from: n}, nil
	}
	offsets, err := work(ctx, c, n, listOffsets, func(l *link) (offsets Offsets, err error) {
		version, err := l.known.pick(kmsg.ListOffsets.Int16(), listOffsetsForm)
		if err != nil {
			return Offsets{}, err
		}
		err = l.read(listOffsetsRequest(version, position, ask), func(r *reader) { offsets = readOffsets(r, version, ask) })
		return offsets, err
	})
	offsets.from = n
	return offsets, err
}

func listOffsetsRequest(version int16, position Position, ask map[string][]int32) *kmsg.ListOffsetsRequest {
	request := kmsg.NewPtrListOffsetsRequest()
	request.Version, request.ReplicaID = version, -1 // a consumer
	for topic, partitions := range ask {
		t := kmsg.NewListOffsetsRequestTopic()
		t.Topic, t.Partitions = topic, make([]kmsg.ListOffsetsRequestTopicPartition, len(partitions))
		for i, id := range partitions {
			p := &t.Partitions[i]
			p.Default()
			p.Partition, p.Timestamp, p.MaxNumOffsets = id, int64(position), 1
		}
		request.Topics = append(request.Topics, t)
	}
	return request
}

// names says whether any partition is named.
func names(partitions map[string][]int32) bool {
	for _, p := range partitions {
		if len(p) > 0 {
			return true
		}
	}
	return false
}

// readOffsets reads an answer of any version up to ours, and keeps of it the topics
// that were asked for.
func readOffsets(r *reader, version int16, asked map[string][]int32) Offsets {
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
	told := offsetOrCode{partition: r.int32(), code: sarama.KError(r.int16())}
	if version == 0 {
		for i := range r.array(8) {
			if offset := r.int64(); i == 0 {
				told.offset = cluster.OffsetAt(offset)
			}
		}
		return told
	}
	r.int64() // timestamp
	told.offset = cluster.OffsetAt(r.int64())
	if version >= 4 {
		r.int32() // leader epoch
	}
	r.tags()
	return told
}
