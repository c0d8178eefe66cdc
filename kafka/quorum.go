package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evenkeel/evenkeel/cluster"
)

// metadataTopic is the log of the controllers; it has one partition.
const metadataTopic = "__cluster_metadata"

// errNoQuorum is the error of an answer without the one partition that was asked for.
var errNoQuorum = errors.New("the answer has no quorum in it")

// Quorum returns what the leader of the controllers says of them. Every broker in
// KRaft asks it for us.
func (c *Client) Quorum(ctx context.Context, n Node) (*cluster.Quorum, error) {
	request := kmsg.NewPtrDescribeQuorumRequest()
	topic := kmsg.NewDescribeQuorumRequestTopic()
	topic.Topic, topic.Partitions = metadataTopic, []kmsg.DescribeQuorumRequestTopicPartition{{Partition: 0}}
	request.Topics = append(request.Topics, topic)
	response, err := ask[*kmsg.DescribeQuorumResponse](ctx, c, n, request, 2)
	if err != nil {
		return nil, err
	}
	quorum, err := readQuorum(response)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", n, nameOf(request), err)
	}
	return quorum, nil
}

func readQuorum(from *kmsg.DescribeQuorumResponse) (*cluster.Quorum, error) {
	if err := codeError(from.ErrorCode, from.ErrorMessage); err != nil {
		return nil, err
	}
	if len(from.Topics) != 1 || len(from.Topics[0].Partitions) != 1 {
		return nil, errNoQuorum
	}
	p := &from.Topics[0].Partitions[0]
	if err := codeError(p.ErrorCode, p.ErrorMessage); err != nil {
		return nil, err
	}
	return &cluster.Quorum{
		Leader: p.LeaderID, Epoch: p.LeaderEpoch, HighWatermark: p.HighWatermark,
		Voters: readReplicas(p.CurrentVoters), Observers: readReplicas(p.Observers),
	}, nil
}

func readReplicas(from []kmsg.DescribeQuorumResponseTopicPartitionReplicaState) []cluster.QuorumReplica {
	var replicas []cluster.QuorumReplica
	for _, r := range from {
		replicas = append(replicas, cluster.QuorumReplica{ID: r.ReplicaID, LogEnd: cluster.OffsetAt(r.LogEndOffset)})
	}
	return replicas
}
