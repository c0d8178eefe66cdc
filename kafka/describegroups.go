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

// describeGroupsForm is the newest form of DescribeGroups that we know. The next one
// only says that a group does not exist by an error, in place of Dead.
const describeGroupsForm = 5

// mostFaults is of how many members of a group it is told why they are not understood.
const mostFaults = 10

// DescribeGroups describes groups that the node coordinates, in one request. Every
// group that was asked for is in the result; one that could not be described has
// an error of its own. Only a failure of the whole request is returned as an error.
func (c *Client) DescribeGroups(ctx context.Context, n Node, groups []string) (map[string]DescribedGroup, error) {
	if len(groups) == 0 {
		return nil, nil
	}
	request := kmsg.NewPtrDescribeGroupsRequest()
	request.Groups = slices.Clone(groups)
	request.IncludeAuthorizedOperations = true
	return ask(ctx, c, n, request, describeGroupsForm, func(r *reader, version int16) (map[string]DescribedGroup, error) {
		return readGroups(r, version, n, groups), nil
	})
}

// undescribed returns the groups as those of which the answer tells nothing.
func undescribed(n Node, groups []string) map[string]DescribedGroup {
	described := make(map[string]DescribedGroup, len(groups))
	for _, name := range groups {
		described[name] = failed(&groupError{n, name, errNotAnswered})
	}
	return described
}

// failed is a group that could not be described.
func failed(err error) DescribedGroup {
	return DescribedGroup{Members: cluster.UnknownMembers, Idle: cluster.UnknownMembers, Err: err}
}

// readGroups reads an answer of any version up to ours.
func readGroups(from *reader, version int16, n Node, groups []string) map[string]DescribedGroup {
	r := groupReader{reader: from, version: version, node: n, described: undescribed(n, groups), words: texts{}}
	if version >= 1 {
		r.int32() // the time for which we are throttled
	}
	for n := r.array(12); n > 0 && r.err == nil; n-- {
		r.group()
	}
	r.tags()
	return r.described
}

// groupReader reads answers to DescribeGroups.
type groupReader struct {
	*reader
	version   int16
	node      Node
	described map[string]DescribedGroup // those that were asked for
	words     texts                     // states and types

	// Of the group that is being read.
	topics   map[string]bool
	idle     int  // members without a partition
	assigned bool // what the members were assigned was understood so far
}

func (r *groupReader) group() {
	code := sarama.KError(r.int16())
	name := string(r.text())
	g := DescribedGroup{State: r.words.of(r.text()), ProtocolType: r.words.of(r.text())}
	r.text() // who assigns
	_, asked := r.described[name]
	r.topics, r.idle, r.assigned = map[string]bool{}, 0, true
	for n := r.array(7); n > 0 && r.err == nil; n-- {
		err := r.member(asked && g.ProtocolType == consumerProtocol)
		if err != nil && len(g.Faults) < mostFaults {
			g.Faults = append(g.Faults, fmt.Errorf("%s: group %q: %w", r.node, name, err))
		}
		g.Members++
	}
	if r.version >= 3 {
		g.Operations = operationsOf(r.int32())
	}
	r.tags()
	switch {
	case !asked:
	case code != sarama.ErrNoError:
		r.described[name] = failed(&groupError{r.node, name, code})
	default:
		g.Topics = slices.Sorted(maps.Keys(r.topics))
		g.setIdle(r.idle, r.assigned)
		r.described[name] = g
	}
}

// member reads a member, and notes its topics if it is one of a consumer group.
func (r *groupReader) member(consumes bool) error {
	id := r.text()
	if r.version >= 4 {
		r.text() // that of the instance
	}
	r.text() // the client's id
	r.text() // the client's address
	subscription, assignment := r.blob(), r.blob()
	r.tags()
	if !consumes || r.err != nil {
		return nil
	}
	partitions, understood, err := memberTopics(subscription, assignment, r.topics)
	switch {
	case !understood:
		r.assigned = false
	case partitions == 0:
		r.idle++
	}
	if err != nil {
		return fmt.Errorf("member %q: %w", id, err)
	}
	return nil
}
