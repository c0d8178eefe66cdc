package collectors

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

// describeBatch is how many groups are described in one request.
const describeBatch = 100

// groupsOfBroker reads the groups that one broker coordinates.
type groupsOfBroker struct {
	*reading
	picture *cluster.Picture
	node    kafka.Node
	lost    []string // remembered groups that it coordinates and may not list

	failed bool
	groups []cluster.Group
	topics map[string][]string // learnt: by group, the topics that it consumes
	gone   []string            // remembered groups that have no commit left
	faults []cluster.Fault
}

func (g *groupsOfBroker) fault(what string, err error) {
	g.faults = append(g.faults, cluster.Fault{
		Target: fmt.Sprintf("%s from broker %d", what, g.node.ID), Reason: kafka.Reason(err), Err: err,
	})
}

func (g *groupsOfBroker) read(ctx context.Context) {
	defer func() {
		if v := recover(); v != nil {
			g.failed = true
			g.faults = append(g.faults, cluster.Fault{Target: fmt.Sprintf("broker %d", g.node.ID), Reason: cluster.ReasonPanic, Err: fmt.Errorf("panic: %v", v)})
		}
	}()
	listed, err := g.brokers.ListGroups(ctx, g.node)
	if err != nil {
		g.failed = true
		g.fault("list of groups", err)
		return
	}
	var names []string
	for _, l := range listed {
		// Connect workers and the like have groups without offsets.
		if (l.ProtocolType == "consumer" || l.ProtocolType == "") && g.cfg.Groups.Match(l.Name) {
			names = append(names, l.Name)
		}
	}
	g.topics = map[string][]string{}
	for batch := range slices.Chunk(names, describeBatch) {
		g.describe(ctx, batch)
	}
	for _, name := range g.lost {
		if !slices.Contains(names, name) {
			g.readLost(ctx, name)
		}
	}
}

func (g *groupsOfBroker) describe(ctx context.Context, names []string) {
	described, err := g.brokers.DescribeGroups(ctx, g.node, names)
	if err != nil {
		g.fault("description of groups", err)
		return
	}
	for _, name := range names {
		d, ok := described[name]
		if !ok || d.Err != nil {
			if d.Err != nil {
				g.fault("description of group "+name, d.Err)
			}
			continue
		}
		for _, err := range d.Faults {
			g.fault("description of group "+name, err)
		}
		group := cluster.Group{Name: name, Coordinator: g.node.ID, State: d.State, Members: d.Members}
		topics := d.Topics
		for t := range g.memory[name] {
			topics = append(topics, t)
		}
		group.Topics, err = g.brokers.CommittedOffsets(ctx, g.node, name, g.ask(topics))
		if err != nil {
			g.fault("committed offsets of group "+name, err)
		}
		if !g.node.ListsEmptyGroups() {
			g.topics[name] = d.Topics
		}
		g.groups = append(g.groups, group)
	}
}

// readLost reads the offsets of a group that is no longer listed, since it has no
// members. Without any commit it is no group any more.
func (g *groupsOfBroker) readLost(ctx context.Context, name string) {
	ask := g.ask(slices.Collect(maps.Keys(g.memory[name])))
	offsets, err := g.brokers.CommittedOffsets(ctx, g.node, name, ask)
	switch {
	case err != nil:
		g.fault("committed offsets of group "+name, err)
	case len(offsets) == 0:
		g.gone = append(g.gone, name)
	default:
		g.groups = append(g.groups, cluster.Group{Name: name, Coordinator: g.node.ID, Members: 0, Topics: offsets})
	}
}

// ask names all partitions of the topics, nil for the brokers that tell all of a
// group's offsets by themselves.
func (g *groupsOfBroker) ask(topics []string) map[string][]int32 {
	if g.node.CanFetchAllOffsets() {
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
