package kafka

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evenkeel/evenkeel/cluster"
)

// listGroupsForm is the newest form of ListGroups that there is.
const listGroupsForm = 5

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

	// Idle is how many members were assigned no partition, cluster.UnknownMembers where
	// that cannot be told: while the group rebalances, where an assignment cannot be
	// understood, of a group that is none of consumers, and when Err is set.
	Idle int

	// Topics are those that members subscribed to or were assigned, sorted. While
	// a group rebalances, Kafka tells none.
	Topics []string

	// Faults are members whose topics could not be understood, so that Topics may
	// lack some: no more than ten of a group.
	Faults []error

	Operations Operations // what the user may do to the group; told from Kafka 2.3 on

	Err error // why the group could not be described, else nil
}

// The states in Kafka's words from which follows whether members are idle.
const (
	stateStable = "Stable"
	stateEmpty  = "Empty"
	stateDead   = "Dead"
)

// setIdle notes how many members have no partition, of a group that is described
// but for that. Assigned is false where the assignment of a member is not understood.
func (g *DescribedGroup) setIdle(idle int, assigned bool) {
	g.Idle = cluster.UnknownMembers
	switch g.State {
	case stateEmpty, stateDead:
		// A group that only commits has no protocol type, nor has one that does not exist.
		if g.Members == 0 && (g.ProtocolType == consumerProtocol || g.ProtocolType == "") {
			g.Idle = 0
		}
	case stateStable:
		if assigned && g.ProtocolType == consumerProtocol {
			g.Idle = idle
		}
	}
}

// ListGroups returns the groups that the node coordinates, by name. On Kafka 0.9
// these are only the ones that have members.
func (c *Client) ListGroups(ctx context.Context, n Node) ([]ListedGroup, error) {
	return ask(ctx, c, n, kmsg.NewPtrListGroupsRequest(), listGroupsForm, readListedGroups)
}

// readListedGroups reads an answer of any version up to ours. With an error, the list
// is not whole.
func readListedGroups(r *reader, version int16) ([]ListedGroup, error) {
	if version >= 1 {
		r.int32() // the time for which we are throttled
	}
	refusal := codeError(sarama.KError(r.int16()), "")
	words, groups := texts{}, map[string]ListedGroup{}
	for n := r.array(3); n > 0 && r.err == nil; n-- {
		g := ListedGroup{Name: string(r.text()), ProtocolType: words.of(r.text())}
		if version >= 4 {
			g.State = words.of(r.text())
		}
		if version >= 5 {
			g.Type = words.of(r.text())
		}
		r.tags()
		groups[g.Name] = g
	}
	r.tags()
	if refusal != nil {
		return nil, refusal
	}
	return slices.SortedFunc(maps.Values(groups), func(a, b ListedGroup) int { return strings.Compare(a.Name, b.Name) }), nil
}
