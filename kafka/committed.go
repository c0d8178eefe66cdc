package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/cluster"
)

// errMustName is the error of asking for all commits where that cannot be done.
var errMustName = errors.New("this release cannot list all that a group committed (Kafka 0.10.2 and later can): name the partitions")

// CommittedOffsets returns what a group committed in Kafka, not what an old
// consumer keeps in ZooKeeper, sorted by topic and partition. The node must be the
// group's coordinator.
//
// Ask names partitions by topic. Nil asks for all commits of the group, which not
// every release can answer (see [Node.CanFetchAllOffsets]). A partition without a
// commit is left out, and so is a topic without any; one whose commit could not be
// read is there with UnknownOffset.
func (c *Client) CommittedOffsets(ctx context.Context, n Node, group string, ask map[string][]int32) ([]cluster.GroupOffsets, error) {
	if ask == nil && !n.CanFetchAllOffsets() {
		return nil, fmt.Errorf("%s: %s: group %q: %w", n, offsetFetch, group, errMustName)
	}
	if ask != nil && !names(ask) {
		return nil, nil // sent without partitions, the request would ask for all
	}
	request := sarama.NewOffsetFetchRequest(n.release().version, group, nil)
	for topic, partitions := range ask {
		for _, partition := range partitions {
			request.AddPartition(topic, partition)
		}
	}
	response, err := work(ctx, c, n, offsetFetch, func(b *sarama.Broker) (*sarama.OffsetFetchResponse, error) {
		response, err := b.FetchOffset(request)
		if err != nil {
			return nil, err
		}
		if code := groupError(response); code != sarama.ErrNoError {
			return nil, fmt.Errorf("group %q: %w", group, code)
		}
		return response, nil
	})
	if err != nil {
		return nil, err
	}
	if ask == nil && response.Version < 2 {
		// What was asked was clamped to what the broker said it knows, and in that
		// version nothing was asked for. It must not look like a group without commits.
		return nil, fmt.Errorf("%s: %s: group %q: %w", n, offsetFetch, group, errMustName)
	}
	return readCommits(response, ask), nil
}

// groupError returns the error that the answer tells of the whole group. Up to
// version 1 it has no place of its own, and stands at every partition.
func groupError(response *sarama.OffsetFetchResponse) sarama.KError {
	if response.Err != sarama.ErrNoError {
		return response.Err
	}
	for _, blocks := range response.Blocks {
		for _, block := range blocks {
			switch block.Err {
			case sarama.ErrOffsetsLoadInProgress, sarama.ErrConsumerCoordinatorNotAvailable, sarama.ErrNotCoordinatorForConsumer,
				sarama.ErrInvalidGroupId, sarama.ErrGroupAuthorizationFailed:
				return block.Err
			}
		}
	}
	return sarama.ErrNoError
}

// readCommits sorts the commits out of an answer. A partition that was asked for
// and is not answered is unknown, as one with an error is.
func readCommits(response *sarama.OffsetFetchResponse, ask map[string][]int32) []cluster.GroupOffsets {
	commits := make(map[string][]cluster.Commit, len(response.Blocks))
	for topic, blocks := range response.Blocks {
		for partition, block := range blocks {
			switch {
			case block.Err != sarama.ErrNoError:
				commits[topic] = append(commits[topic], cluster.Commit{Partition: partition, Offset: cluster.UnknownOffset})
			case block.Offset >= 0:
				commits[topic] = append(commits[topic], cluster.Commit{Partition: partition, Offset: cluster.OffsetAt(block.Offset)})
			}
		}
	}
	for topic, partitions := range ask {
		for _, partition := range partitions {
			if response.GetBlock(topic, partition) == nil {
				commits[topic] = append(commits[topic], cluster.Commit{Partition: partition, Offset: cluster.UnknownOffset})
			}
		}
	}
	sorted := make([]cluster.GroupOffsets, 0, len(commits))
	for topic, of := range commits {
		slices.SortFunc(of, func(a, b cluster.Commit) int { return cmp.Compare(a.Partition, b.Partition) })
		sorted = append(sorted, cluster.GroupOffsets{Topic: topic, Commits: slices.CompactFunc(of, samePartition)})
	}
	slices.SortFunc(sorted, func(a, b cluster.GroupOffsets) int { return strings.Compare(a.Topic, b.Topic) })
	return sorted
}

// samePartition makes a partition that was asked for twice appear once.
func samePartition(a, b cluster.Commit) bool { return a.Partition == b.Partition }
