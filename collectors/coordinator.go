package collectors

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

// groupsOfBroker reads the groups that one broker coordinates.
type groupsOfBroker struct {
	*reading
	picture  *cluster.Picture
	node     kafka.Node
	identity kafka.Identity
	lost     []string // remembered groups that it coordinates and may not list

	failed   bool
	listed   int // groups of every kind
	groups   []cluster.Group
	topics   map[string][]string  // learnt: by group, the topics that it consumes
	gone     []string             // remembered groups that have no commit left
	failures map[string]*failures // by reason
	// What the user may do with each group, where the release tells.
	operations []kafka.Operations
}

// failures sums up what went wrong for the same reason: a coordinator that is slow
// or loading fails all of its groups, which is one fault and not hundreds.
type failures struct {
	count int
	first error
}

func (g *groupsOfBroker) fail(err error) { g.failFor(kafka.Reason(err), err) }

func (g *groupsOfBroker) failFor(reason string, err error) {
	if g.failures == nil {
		g.failures = map[string]*failures{}
	}
	if g.failures[reason] == nil {
		g.failures[reason] = &failures{first: err}
	}
	g.failures[reason].count++
}

func (g *groupsOfBroker) faults() (all []cluster.Fault) {
	for _, reason := range slices.Sorted(maps.Keys(g.failures)) {
		f := g.failures[reason]
		err := f.first
		if f.count > 1 {
			err = fmt.Errorf("%d times, the first: %w", f.count, err)
		}
		all = append(all, brokerFault(g.node.ID, reason, err))
	}
	return all
}

func (g *groupsOfBroker) read(ctx context.Context) {
	defer func() {
		if v := recover(); v != nil {
			g.failed = true
			g.failFor(cluster.ReasonPanic, panicked(v))
		}
	}()
	listed, err := g.brokers.ListGroups(ctx, g.node)
	if err != nil {
		g.failed = true
		g.fail(err)
		return
	}
	g.listed = len(listed)
	var classic, consumer []string
	for _, l := range listed {
		switch {
		case l.ProtocolType != "consumer" && l.ProtocolType != "", !g.cfg.Groups.Match(l.Name), !g.cfg.Shard.Owns(l.Name):
			// Connect workers and the like have groups without offsets.
		case l.Type == "consumer":
			consumer = append(consumer, l.Name)
		case l.Type == "" || l.Type == "classic":
			classic = append(classic, l.Name)
		}
	}
	g.topics = map[string][]string{}
	g.readListed(ctx, classic, g.brokers.DescribeGroups)
	g.readListed(ctx, consumer, g.brokers.DescribeConsumerGroups)
	for _, name := range g.lost {
		if !slices.Contains(classic, name) && ctx.Err() == nil {
			g.readLost(ctx, name)
		}
	}
}

// describeGroups is how groups of one kind are described.
type describeGroups func(context.Context, kafka.Node, []string) (map[string]kafka.DescribedGroup, error)

// readListed describes groups and reads what they committed. Where there is no time
// for all of them, each poll begins elsewhere, so that every group has its turn.
func (g *groupsOfBroker) readListed(ctx context.Context, names []string, describe describeGroups) {
	if len(names) == 0 {
		return
	}
	from := g.polls % len(names)
	names = slices.Concat(names[from:], names[:from])
	described, err := describe(ctx, g.node, names)
	if err != nil {
		g.fail(err)
		return
	}
	var well []string
	for _, name := range names {
		d, ok := described[name]
		switch {
		case !ok:
		case d.Err != nil:
			g.fail(d.Err)
			if kafka.Reason(d.Err) == cluster.ReasonPermission {
				g.operations = append(g.operations, kafka.OperationsOf()) // none
			}
		default:
			well = append(well, name)
		}
	}
	commits := g.fetch(ctx, well, described)
	for _, name := range well {
		g.addGroup(name, described[name], commits[name])
	}
}

// fetch returns what groups committed: with one request where the release can, else
// with one for each.
func (g *groupsOfBroker) fetch(ctx context.Context, names []string, described map[string]kafka.DescribedGroup) map[string]kafka.GroupCommits {
	if g.identity.BatchOffsets {
		commits, err := g.brokers.CommittedOffsetsOf(ctx, g.node, names)
		if err != nil {
			g.fail(err)
		}
		return commits
	}
	commits := make(map[string]kafka.GroupCommits, len(names))
	for _, name := range names {
		topics := slices.AppendSeq(slices.Clone(described[name].Topics), maps.Keys(g.memory[name]))
		offsets, err := g.brokers.CommittedOffsets(ctx, g.node, name, g.ask(topics))
		commits[name] = kafka.GroupCommits{Topics: offsets, Err: err}
	}
	return commits
}

func (g *groupsOfBroker) addGroup(name string, d kafka.DescribedGroup, commits kafka.GroupCommits) {
	for _, err := range d.Faults {
		g.fail(err)
	}
	if commits.Err != nil {
		g.fail(commits.Err)
	}
	if !g.identity.EmptyGroups {
		g.topics[name] = d.Topics
	}
	g.operations = append(g.operations, d.Operations)
	g.groups = append(g.groups, cluster.Group{Name: name, Coordinator: g.node.ID, State: cluster.GroupStateOf(d.State), Members: d.Members, Topics: commits.Topics})
}

// readLost reads the offsets of a group that is no longer listed, since it has no
// members. Without any commit it is no group any more.
func (g *groupsOfBroker) readLost(ctx context.Context, name string) {
	topics := g.memory[name]
	for t := range topics {
		if topic := g.picture.Topic(t); topic != nil && topic.Unreadable {
			return // what it committed there cannot be asked for now
		}
	}
	offsets, err := g.brokers.CommittedOffsets(ctx, g.node, name, g.ask(slices.Collect(maps.Keys(topics))))
	switch {
	case err != nil:
		g.fail(err)
	case len(offsets) == 0:
		g.gone = append(g.gone, name)
	default:
		g.groups = append(g.groups, cluster.Group{Name: name, Coordinator: g.node.ID, Members: 0, Topics: offsets})
	}
}

// ask names all partitions of the topics, nil for the brokers that tell all of a
// group's offsets by themselves.
func (g *groupsOfBroker) ask(topics []string) map[string][]int32 {
	if g.identity.AllOffsets {
		return nil
	}
	ask := make(map[string][]int32, len(topics))
	for _, name := range topics {
		t := g.picture.Topic(name)
		if t == nil || t.Deleting || !g.cfg.Topics.Match(name) || ask[name] != nil {
			continue
		}
		for i := range t.Partitions {
			ask[name] = append(ask[name], t.Partitions[i].ID)
		}
	}
	return ask
}
