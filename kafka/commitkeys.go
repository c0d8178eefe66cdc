package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evenkeel/evenkeel/cluster"
)

// offsetsTopic is the topic in which coordinators keep what groups commit.
const offsetsTopic = "__consumer_offsets"

// fetchForm is the newest form of Fetch that the releases know which are asked for the
// keys of commits (0.10.0).
const fetchForm = 2

// mostFetched is how many bytes of the log are asked for at once, and read.
const mostFetched = 1 << 20

// errNotFetched is the error of an answer without the one partition that was asked for.
var errNotFetched = errors.New("the answer has nothing of the partition")

// CommitKey is what a message in __consumer_offsets is about: that a group committed
// something for a partition.
type CommitKey struct {
	Group, Topic string
	Partition    int32
	Gone         bool // the commit was removed: the message has no value
}

// CommitKeys is what a piece of one partition of __consumer_offsets tells.
type CommitKeys struct {
	Keys   []CommitKey    // each once, as the last message about it has it; the caller may keep and change them
	Next   cluster.Offset // where the next piece begins
	AtEnd  bool           // there is no more for now
	Unread int            // messages that were skipped, since they are compressed or not understood
}

// CommitKeys reads a piece of one partition of __consumer_offsets, from an offset on,
// and returns for which groups, topics and partitions there are commits, but not what
// was committed. An unknown offset stands for the start of the log. Where the log does
// not reach back or on to the offset, there are no keys, and Next is the start of the
// log, behind the offset or before it.
//
// It is meant for the releases that do not list groups without members: Kafka 0.8.2
// to 0.10.1. The others are not asked. The node must lead the partition.
func (c *Client) CommitKeys(ctx context.Context, n Node, partition int32, from cluster.Offset) (CommitKeys, error) {
	start := max(from.Int(), 0)
	keys, refusal, err := c.fetchKeys(ctx, n, partition, start)
	if err != nil {
		return CommitKeys{}, err
	}
	if isCode(refusal, sarama.ErrOffsetOutOfRange) {
		earliest, err := c.ListOffsets(ctx, n, Earliest, map[string][]int32{offsetsTopic: {partition}})
		if err != nil {
			return CommitKeys{}, err
		}
		next, err := earliest.At(offsetsTopic, partition)
		if err != nil || next != cluster.OffsetAt(start) {
			return CommitKeys{Next: next}, err
		}
	}
	if refusal != nil {
		return CommitKeys{}, fmt.Errorf("%s: %s: %s, partition %d: %w", n, fetch, offsetsTopic, partition, refusal)
	}
	return keys, nil
}

// fetchKeys asks for a piece of the log, and returns what it tells or why the broker
// does not give it.
func (c *Client) fetchKeys(ctx context.Context, n Node, partition int32, from int64) (keys CommitKeys, refusal, err error) {
	request := keysRequest(partition, from)
	type result struct {
		keys    CommitKeys
		refusal error
	}
	told, err := work(ctx, c, n, fetch, func(l *link) (told result, err error) {
		if l.identity.EmptyGroups {
			return told, &unknownError{spared: "; only Kafka 0.8.2 to 0.10.1 is asked for the keys of commits, later ones list all groups"}
		}
		request.Version, err = l.known.pick(request.Key(), fetchForm)
		if err != nil {
			return told, err
		}
		err = l.read(request, func(r *reader) { told.keys, told.refusal = readCommitKeys(r, request.Version, partition, from) })
		return told, err
	})
	return told.keys, told.refusal, err
}

// keysRequest asks as a consumer does, and does not wait for what is not there.
func keysRequest(partition int32, from int64) *kmsg.FetchRequest {
	request := kmsg.NewPtrFetchRequest()
	request.ReplicaID, request.MaxWaitMillis, request.MinBytes = -1, 0, 0
	p := kmsg.NewFetchRequestTopicPartition()
	p.Partition, p.FetchOffset, p.PartitionMaxBytes = partition, from, mostFetched
	t := kmsg.NewFetchRequestTopic()
	t.Topic, t.Partitions = offsetsTopic, []kmsg.FetchRequestTopicPartition{p}
	request.Topics = append(request.Topics, t)
	return request
}

// readCommitKeys reads an answer of any version up to ours, which must tell of the one
// partition that was asked for.
func readCommitKeys(r *reader, version int16, partition int32, from int64) (CommitKeys, error) {
	if version >= 1 {
		r.int32() // the time for which we are throttled
	}
	var set []byte
	var end int64
	refusal := errNotFetched
	for n := r.array(6); n > 0 && r.err == nil; n-- {
		ours := string(r.text()) == offsetsTopic
		for n := r.array(18); n > 0 && r.err == nil; n-- {
			id, code, high, messages := r.int32(), sarama.KError(r.int16()), r.int64(), r.blob()
			if ours && id == partition {
				refusal, end, set = codeError(code, ""), high, messages
			}
		}
	}
	if r.err != nil || refusal != nil {
		return CommitKeys{}, refusal
	}
	return scanKeys(set, from, end)
}
