package kafka

import (
	"context"
	"errors"
	"fmt"
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

// listOffsetsForm is the newest form of ListOffsets that sarama knows.
const listOffsetsForm = 6

// errNoOffset is the error of a partition of which the answer tells nothing.
var errNoOffset = errors.New("the answer has no offset for it")

// Offsets are positions in logs, by topic and partition.
type Offsets struct {
	from    Node
	offsets map[string]map[int32]offsetOrError
}

type offsetOrError struct {
	offset cluster.Offset
	err    error
}

// OffsetsOf returns offsets as if the node had told them, for those who stand in
// for a Client. A partition that is not among them counts as one that the answer
// does not mention.
func OffsetsOf(from Node, told map[string]map[int32]cluster.Offset) Offsets {
	all := make(map[string]map[int32]offsetOrError, len(told))
	for topic, partitions := range told {
		all[topic] = make(map[int32]offsetOrError, len(partitions))
		for id, offset := range partitions {
			all[topic][id] = offsetOrError{offset: offset}
		}
	}
	return Offsets{from: from, offsets: all}
}

// At returns the offset of a partition, or UnknownOffset and why it is not known:
// the broker does not lead the partition, the user may not see it, or it was not
// asked for.
func (o Offsets) At(topic string, partition int32) (cluster.Offset, error) {
	found, ok := o.offsets[topic][partition]
	if !ok {
		found.err = errNoOffset
	}
	if found.err != nil {
		return cluster.UnknownOffset, fmt.Errorf("%s: topic %s, partition %d: %w", o.from, topic, partition, found.err)
	}
	return found.offset, nil
}

// Probe asks the broker for the offsets of no topics at all, over a connection
// that nothing else uses. It returns the time from the request to the answer,
// without the time that connecting took.
func (c *Client) Probe(ctx context.Context, n Node) (took time.Duration, err error) {
	probe := func(t *target) *line { return t.probe }
	return run(ctx, c, n, probe, listOffsets, func(l *link) (time.Duration, error) {
		version, err := l.known.pick(kmsg.ListOffsets.Int16(), listOffsetsForm)
		if err != nil {
			return 0, err
		}
		asked := time.Now()
		_, err = l.broker.GetAvailableOffsets(&sarama.OffsetRequest{Version: version})
		return time.Since(asked), err
	})
}

// ListOffsets asks for one position in the logs of many partitions, by topic. The
// broker must lead them: of others it answers an error. Only a failure of the whole
// request is returned as an error.
func (c *Client) ListOffsets(ctx context.Context, n Node, position Position, ask map[string][]int32) (Offsets, error) {
	if !names(ask) {
		return Offsets{from: n}, nil
	}
	response, err := work(ctx, c, n, listOffsets, func(l *link) (*sarama.OffsetResponse, error) {
		version, err := l.known.pick(kmsg.ListOffsets.Int16(), listOffsetsForm)
		if err != nil {
			return nil, err
		}
		request := &sarama.OffsetRequest{Version: version}
		for topic, partitions := range ask {
			for _, partition := range partitions {
				request.AddBlock(topic, partition, int64(position), 1)
			}
		}
		return l.broker.GetAvailableOffsets(request)
	})
	if err != nil {
		return Offsets{from: n}, err
	}
	return readOffsets(n, response), nil
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

// readOffsets takes the offsets out of an answer of any version. Version 0, the
// only one before Kafka 0.10.1, answers with a list of offsets, the greatest
// first. It holds the one that we asked for, and may be empty.
func readOffsets(n Node, response *sarama.OffsetResponse) Offsets {
	all := make(map[string]map[int32]offsetOrError, len(response.Blocks))
	for topic, blocks := range response.Blocks {
		offsets := make(map[int32]offsetOrError, len(blocks))
		for partition, block := range blocks {
			switch {
			case block.Err != sarama.ErrNoError:
				offsets[partition] = offsetOrError{err: block.Err}
			case len(block.Offsets) == 0 || block.Offsets[0] < 0:
				offsets[partition] = offsetOrError{err: errNoOffset}
			default:
				// For later versions sarama puts the one offset there, too.
				offsets[partition] = offsetOrError{offset: cluster.OffsetAt(block.Offsets[0])}
			}
		}
		all[topic] = offsets
	}
	return Offsets{from: n, offsets: all}
}
