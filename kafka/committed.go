package kafka

import (
	"context"
	"fmt"
	"maps"
	"slices"

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
	return work(ctx, c, n, offsetFetch, func(l *link) (commits []cluster.GroupOffsets, err error) {
		version, err := l.known.pick(kmsg.OffsetFetch.Int16(), oneGroup)
		if err != nil {
			return nil, err
		}
		if ask == nil && version < allOffsets {
			return nil, &unknownError{needed: " without partitions; Kafka 0.10.2 and later do"}
		}
		var code sarama.KError
		err = l.read(fetchRequest(version, group, ask), func(r *reader) { commits, code = readCommitsOfOne(r, version, ask) })
		if err == nil && code != sarama.ErrNoError {
			err = fmt.Errorf("group %q: %w", group, code)
		}
		if err != nil {
			return nil, err
		}
		return commits, nil
	})
}

// fetchRequest asks for what one group committed: in the partitions named, or, if that
// is nil, in all.
func fetchRequest(version int16, group string, ask map[string][]int32) *kmsg.OffsetFetchRequest {
	request := kmsg.NewPtrOffsetFetchRequest()
	request.Version, request.Group = version, group
	for _, topic := range slices.Sorted(maps.Keys(ask)) {
		request.Topics = append(request.Topics, kmsg.OffsetFetchRequestTopic{Topic: topic, Partitions: ask[topic]})
	}
	return request
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
	request := kmsg.NewPtrOffsetFetchRequest()
	request.Version = severalGroups
	for _, group := range groups {
		g := kmsg.NewOffsetFetchRequestGroup()
		g.Group = group
		request.Groups = append(request.Groups, g)
	}
	return work(ctx, c, n, offsetFetch, func(l *link) (commits map[string]GroupCommits, err error) {
		if !l.identity.BatchOffsets {
			return nil, &unknownError{needed: " for several groups; Kafka 3.0 and later do"}
		}
		commits = make(map[string]GroupCommits, len(groups))
		for _, group := range groups {
			commits[group] = GroupCommits{Err: &groupError{n, group, errNotAnswered}}
		}
		err = l.read(request, func(r *reader) { readCommitsOfSeveral(r, n, commits) })
		return commits, err
	})
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
