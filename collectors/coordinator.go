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
	more     bool     // there are more than lost has
	lost     []string // groups that it coordinates and may not list

	failed   bool
	listed   int // groups of every kind
	groups   []cluster.Group
	topics   map[string][]string  // learnt: by group, the topics that it consumes
	gone     []string             // groups of lost that have no commit left
	asked    []string             // groups of lost that were asked for commits in all topics
	failures map[string]*failures // by reason
	types    map[string]string    // of the groups that are listed
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
	var listed []kafka.ListedGroup
	if g.identity.Groups { // Kafka 0.8 knows commits, and no groups
		var err error
		if listed, err = g.list(ctx); err != nil {
			g.failed = true
			g.fail(err)
			return
		}
	}
	g.listed, g.types = len(listed), map[string]string{}
	var classic, consumer []string
	for _, l := range listed {
		switch {
		case l.ProtocolType != "consumer" && l.ProtocolType != "", !g.wants(l.Name):
			continue // Connect workers and the like have groups without offsets
		case l.Type == "consumer":
			consumer = append(consumer, l.Name)
		case l.Type == "" || l.Type == "classic":
			classic = append(classic, l.Name)
		}
		g.types[l.Name] = l.Type
	}
	g.topics = map[string][]string{}
	g.readListed(ctx, classic, g.brokers.DescribeGroups)
	g.readListed(ctx, consumer, g.brokers.DescribeConsumerGroups)
	for _, name := range g.lost {
		if _, listed := g.types[name]; !listed && ctx.Err() == nil {
			g.readLost(ctx, name)
		}
	}
}

// list returns the groups that the broker says it coordinates. While it loads a part of
// them, as after the death of the one that did, it lists none: then those that it listed
// in the poll before are asked for, of which it can tell as always, and the rest is what
// could not be read.
func (g *groupsOfBroker) list(ctx context.Context) ([]kafka.ListedGroup, error) {
	listed, err := g.brokers.ListGroups(ctx, g.node)
	if !kafka.IsLoading(err) || g.prev == nil {
		return listed, err
	}
	before, _ := g.prev.Groups.Get()
	if before == nil {
		return nil, err
	}
	var known []kafka.ListedGroup
	for i := range before.Groups {
		if b := &before.Groups[i]; b.Coordinator == g.node.ID {
			known = append(known, kafka.ListedGroup{Name: b.Name, ProtocolType: "consumer", Type: b.Type})
		}
	}
	if len(known) == 0 {
		return nil, err
	}
	g.fail(err)
	return known, nil
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
		if err == nil {
			return commits
		}
		commits = make(map[string]kafka.GroupCommits, len(names))
		for _, name := range names {
			commits[name] = kafka.GroupCommits{Err: err}
		}
		return commits
	}
	commits := make(map[string]kafka.GroupCommits, len(names))
	for _, name := range names {
		topics := slices.Clone(described[name].Topics)
		if known := g.memory[name]; known != nil {
			topics = slices.AppendSeq(topics, maps.Keys(known.topics))
		}
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
	g.add(cluster.Group{
		Name: name, State: cluster.GroupStateOf(d.State), Type: g.types[name], Members: d.Members, Idle: d.Idle,
		Topics: commits.Topics, Unread: commits.Err != nil, Subscribed: subscribed(d),
	})
}

// subscribed returns the topics of a group's members, nil unless they are surely all.
func subscribed(d kafka.DescribedGroup) []string {
	if cluster.GroupStateOf(d.State) != cluster.GroupStable || len(d.Topics) == 0 || len(d.Faults) > 0 {
		return nil
	}
	return d.Topics
}

// add adds a group that this broker coordinates.
func (g *groupsOfBroker) add(group cluster.Group) {
	group.Coordinator, group.Quiet = g.node.ID, g.cfg.Groups.IsQuiet(group.Name)
	g.groups = append(g.groups, group)
}

// wants says whether a group is one of those that are read here.
func (r *reading) wants(group string) bool {
	return r.cfg.Groups.Match(group) && r.cfg.Shard.Owns(group)
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
