package kafka

import (
	"context"
	"errors"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evenkeel/evenkeel/cluster"
)

// metadataTopic is the log of the controllers; it has one partition.
const metadataTopic = "__cluster_metadata"

// quorumForm is the newest form of DescribeQuorum that we know.
const quorumForm = 2

// errNoQuorum is the error of an answer without the one partition that was asked for.
var errNoQuorum = errors.New("the answer has no quorum in it")

// Quorum returns what the leader of the controllers says of them. Every broker in
// KRaft asks it for us.
func (c *Client) Quorum(ctx context.Context, n Node) (*cluster.Quorum, error) {
	request := kmsg.NewPtrDescribeQuorumRequest()
	topic := kmsg.NewDescribeQuorumRequestTopic()
	topic.Topic, topic.Partitions = metadataTopic, []kmsg.DescribeQuorumRequestTopicPartition{{Partition: 0}}
	request.Topics = append(request.Topics, topic)
	return ask(ctx, c, n, request, quorumForm, readQuorum)
}

// quorumReader reads answers to DescribeQuorum.
type quorumReader struct {
	*reader
	version int16
}

// readQuorum reads an answer of any version up to ours, which must tell of the one
// partition that was asked for and of no other.
func readQuorum(from *reader, version int16) (quorum *cluster.Quorum, err error) {
	r := quorumReader{reader: from, version: version}
	refusal, partitions := r.refusal(), 0
	for n := r.array(3); n > 0 && r.err == nil; n-- {
		r.text() // the topic
		for n := r.array(25); n > 0 && r.err == nil; n-- {
			quorum, err = r.partition()
			partitions++
		}
		r.tags()
	}
	if version >= 2 {
		r.nodes()
	}
	r.tags()
	switch {
	case refusal != nil:
		return nil, refusal
	case partitions != 1:
		return nil, errNoQuorum
	default:
		return quorum, err
	}
}

// refusal reads an error code, and what is told with it from version 2 on.
func (r *quorumReader) refusal() error {
	if r.version < 2 {
		return codeError(sarama.KError(r.int16()), "")
	}
	return r.reader.refusal()
}

func (r *quorumReader) partition() (*cluster.Quorum, error) {
	r.int32() // which partition
	refusal := r.refusal()
	q := &cluster.Quorum{Leader: r.int32(), Epoch: r.int32(), HighWatermark: r.int64(), Voters: r.replicas(), Observers: r.replicas()}
	r.tags()
	if refusal != nil {
		return nil, refusal
	}
	return q, nil
}

func (r *quorumReader) replicas() []cluster.QuorumReplica {
	var replicas []cluster.QuorumReplica
	for n := r.array(13); n > 0 && r.err == nil; n-- {
		id := r.int32()
		if r.version >= 2 {
			r.take(16) // id of its directory
		}
		replicas = append(replicas, cluster.QuorumReplica{ID: id, LogEnd: cluster.OffsetAt(r.int64())})
		if r.version >= 1 {
			r.take(16) // when it fetched last, and when it had everything
		}
		r.tags()
	}
	return replicas
}

// nodes reads past the addresses of the controllers.
func (r *quorumReader) nodes() {
	for n := r.array(6); n > 0 && r.err == nil; n-- {
		r.int32() // which node
		for n := r.array(5); n > 0 && r.err == nil; n-- {
			r.text() // the listener
			r.text() // its host
			r.take(2)
			r.tags()
		}
		r.tags()
	}
}
