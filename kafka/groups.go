package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evenkeel/evenkeel/cluster"
)

// consumerProtocol is the protocol type of consumer groups. Others (Connect's
// workers, for one) use the group protocol for themselves.
const consumerProtocol = "consumer"

// errNotAnswered is the error of a group of which the answer tells nothing.
var errNotAnswered = errors.New("the answer does not mention it")

// ListedGroup is a group as the broker that coordinates it lists it.
type ListedGroup struct {
	Name         string
	ProtocolType string // "consumer"; other words for other clients; "" for a group that only commits
	State        string // in Kafka's words; "" before Kafka 2.6
	Type         string // "classic", "consumer" (KIP-848) or another; "" before Kafka 3.8
}

// DescribedGroup is what a coordinator says of a group.
type DescribedGroup struct {
	// State is Kafka's own word: Stable, PreparingRebalance, AwaitingSync (up to
	// Kafka 0.11; CompletingRebalance since), Empty (from 0.10 on) or Dead, which
	// is also said of a group that does not exist.
	State        string
	ProtocolType string
	Members      int // cluster.UnknownMembers when Err is set

	// Topics are those that members subscribed to or were assigned, sorted. While
	// a group rebalances, Kafka tells none.
	Topics []string

	// Faults are members whose topics could not be understood, so that Topics may
	// lack some.
	Faults []error

	Operations Operations // what the user may do to the group; told from Kafka 2.3 on

	Err error // why the group could not be described, else nil
}

// ListGroups returns the groups that the node coordinates, by name. On Kafka 0.9
// these are only the ones that have members.
func (c *Client) ListGroups(ctx context.Context, n Node) ([]ListedGroup, error) {
	response, err := work(ctx, c, n, listGroups, func(l *link) (*sarama.ListGroupsResponse, error) {
		version, err := l.known.pick(kmsg.ListGroups.Int16(), 5)
		if err != nil {
			return nil, err
		}
		response, err := l.broker.ListGroups(&sarama.ListGroupsRequest{Version: version})
		if err == nil && response.Err != sarama.ErrNoError {
			err = response.Err // the list is not whole
		}
		return response, l.discreet(err)
	})
	if err != nil {
		return nil, err
	}
	groups := make([]ListedGroup, 0, len(response.Groups))
	for name, protocolType := range response.Groups {
		data := response.GroupsData[name]
		groups = append(groups, ListedGroup{Name: name, ProtocolType: protocolType, State: data.GroupState, Type: data.GroupType})
	}
	slices.SortFunc(groups, func(a, b ListedGroup) int { return strings.Compare(a.Name, b.Name) })
	return groups, nil
}

// DescribeGroups describes groups that the node coordinates, in one request. Every
// group that was asked for is in the result; one that could not be described has
// an error of its own. Only a failure of the whole request is returned as an error.
func (c *Client) DescribeGroups(ctx context.Context, n Node, groups []string) (map[string]DescribedGroup, error) {
	if len(groups) == 0 {
		return nil, nil
	}
	response, err := work(ctx, c, n, describeGroups, func(l *link) (*sarama.DescribeGroupsResponse, error) {
		version, err := l.known.pick(kmsg.DescribeGroups.Int16(), 5)
		if err != nil {
			return nil, err
		}
		response, err := l.broker.DescribeGroups(&sarama.DescribeGroupsRequest{
			Version: version, Groups: slices.Clone(groups), IncludeAuthorizedOperations: true,
		})
		return response, l.discreet(err)
	})
	if err != nil {
		return nil, err
	}
	described := undescribed(n, groups)
	for _, g := range response.Groups {
		if _, asked := described[g.GroupId]; asked {
			described[g.GroupId] = readGroup(n, g, response.Version)
		}
	}
	return described, nil
}

// undescribed returns the groups as those of which the answer tells nothing.
func undescribed(n Node, groups []string) map[string]DescribedGroup {
	described := make(map[string]DescribedGroup, len(groups))
	for _, name := range groups {
		described[name] = DescribedGroup{Members: cluster.UnknownMembers, Err: &groupError{n, name, errNotAnswered}}
	}
	return described
}

// readGroup takes out of a description what we want of it.
func readGroup(n Node, g *sarama.GroupDescription, version int16) DescribedGroup {
	if g.Err != sarama.ErrNoError {
		return DescribedGroup{Members: cluster.UnknownMembers, Err: &groupError{n, g.GroupId, g.Err}}
	}
	described := DescribedGroup{State: g.State, ProtocolType: g.ProtocolType, Members: len(g.Members)}
	if version >= 3 {
		described.Operations = operationsOf(g.AuthorizedOperations)
	}
	if g.ProtocolType != consumerProtocol {
		return described
	}
	for id, member := range g.Members {
		topics, err := memberTopics(member.MemberMetadata, member.MemberAssignment)
		described.Topics = append(described.Topics, topics...)
		if err != nil {
			described.Faults = append(described.Faults, fmt.Errorf("%s: group %q: member %q: %w", n, g.GroupId, id, err))
		}
	}
	slices.Sort(described.Topics)
	described.Topics = slices.Compact(described.Topics)
	return described
}
