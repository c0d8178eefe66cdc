package kafka

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evenkeel/evenkeel/cluster"
)

// Forms of OffsetFetch.
const (
	allOffsets    = 2 // the oldest that can ask for all commits of a group
	oneGroup      = 7 // the newest that asks for one group
	severalGroups = 8 // asks for several
)

// CommittedOffsets returns what a group committed in Kafka, not what an old
// consumer keeps in ZooKeeper, sorted by topic and partition. The node must be the
// group's coordinator.
//
// Ask names partitions by topic. Nil asks for all commits of the group, which not
// every release can answer (see Identity.AllOffsets). A partition without a
// commit is left out, and so is a topic without any; one whose commit could not be
// read is there with UnknownOffset.
func (c *Client) CommittedOffsets(ctx context.Context, n Node, group string, ask map[string][]int32) ([]cluster.GroupOffsets, error) {
	if ask != nil && !names(ask) {
		return nil, nil // sent without partitions, the request would ask for all
	}
	response, err := work(ctx, c, n, offsetFetch, func(l *link) (*sarama.OffsetFetchResponse, error) {
		version, err := l.known.pick(kmsg.OffsetFetch.Int16(), oneGroup)
		if err != nil {
			return nil, err
		}
		if ask == nil && version < allOffsets {
			return nil, &unknownError{needed: " without partitions; Kafka 0.10.2 and later do"}
		}
		request := sarama.NewOffsetFetchRequest(sarama.V0_8_2_0, group, ask)
		request.Version = version
		response, err := l.broker.FetchOffset(request)
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
	return readCommits(response.Blocks, ask), nil
}

// GroupCommits is what a group committed, or why that is not known.
type GroupCommits struct {
	Topics []cluster.GroupOffsets // by topic, each by partition
	Err    error
}

// CommittedOffsetsOf returns all that several groups committed, in one request (see
// Identity.BatchOffsets). The node must coordinate them. Every group that was asked
// for is in the result; only a failure of the whole request is returned as an error.
func (c *Client) CommittedOffsetsOf(ctx context.Context, n Node, groups []string) (map[string]GroupCommits, error) {
	if len(groups) == 0 {
		return nil, nil
	}
	request := &sarama.OffsetFetchRequest{Version: severalGroups}
	for _, group := range groups {
		request.Groups = append(request.Groups, sarama.OffsetFetchRequestGroup{GroupId: group})
	}
	response, err := work(ctx, c, n, offsetFetch, func(l *link) (*sarama.OffsetFetchResponse, error) {
		if !l.identity.BatchOffsets {
			return nil, &unknownError{needed: " for several groups; Kafka 3.0 and later do"}
		}
		return l.broker.FetchOffset(request)
	})
	if err != nil {
		return nil, err
	}
	commits := make(map[string]GroupCommits, len(groups))
	for _, group := range groups {
		commits[group] = GroupCommits{Err: fmt.Errorf("%s: group %q: %w", n, group, errNotAnswered)}
	}
	for _, g := range response.Groups {
		if _, asked := commits[g.GroupId]; !asked {
			continue
		}
		if g.Err != sarama.ErrNoError {
			commits[g.GroupId] = GroupCommits{Err: fmt.Errorf("%s: group %q: %w", n, g.GroupId, g.Err)}
			continue
		}
		commits[g.GroupId] = GroupCommits{Topics: readCommits(g.Blocks, nil)}
	}
	return commits, nil
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
func readCommits(answer map[string]map[int32]*sarama.OffsetFetchResponseBlock, ask map[string][]int32) []cluster.GroupOffsets {
	commits := make(map[string][]cluster.Commit, len(answer))
	for topic, blocks := range answer {
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
			if answer[topic][partition] == nil {
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
