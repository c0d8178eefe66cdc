package collectors

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

// offsetsTopic is where Kafka keeps the committed offsets. While it is not there
// no group exists, and to ask for one would create it.
const offsetsTopic = "__consumer_offsets"

// describeBatch is how many groups are described in one request.
const describeBatch = 100

// groupMemory holds, by group, the topics that it was seen to consume. Kafka 0.9
// stops listing a group when its last member leaves, and tells its offsets only
// for partitions that are named.
type groupMemory map[string]map[string]bool

func (m groupMemory) learn(group string, topics ...string) {
	if m[group] == nil {
		m[group] = map[string]bool{}
	}
	for _, t := range topics {
		m[group][t] = true
	}
}

// readGroups is the second stage: groups, then what they committed, each from the
// broker that coordinates them.
func (r *reading) readGroups(ctx context.Context) {
	r.source(cluster.SourceGroups, func() (error, []cluster.Fault) {
		picture, ok := r.picture.Get()
		if !ok {
			err := dependsOn(cluster.SourcePartitions)
			r.groups = cluster.Failed[*cluster.Groups](err)
			return err, nil
		}
		offsets := picture.Topic(offsetsTopic)
		if offsets == nil || offsets.Deleting {
			r.groups = cluster.Read(&cluster.Groups{})
			return nil, nil
		}
		answering := r.answering()
		if len(answering) > 0 {
			// Kafka 0.8 has no groups of this kind, only those of the old consumer.
			answering = slices.DeleteFunc(answering, func(n kafka.Node) bool { return !n.HasGroups() })
			if len(answering) == 0 {
				r.groups = cluster.Read(&cluster.Groups{})
				return nil, nil
			}
		}
		all := make([]groupsOfBroker, len(answering))
		var wg sync.WaitGroup
		for i, n := range answering {
			all[i] = groupsOfBroker{reading: r, picture: picture, node: n, lost: r.memory.lostOf(n, offsets)}
			wg.Go(func() { all[i].read(ctx) })
		}
		wg.Wait()
		return r.joinGroups(all)
	})
}

// lostOf returns the remembered groups that a broker of a release which lists no
// groups without members coordinates: those whose partition of the offsets topic
// it leads.
func (m groupMemory) lostOf(n kafka.Node, offsets *cluster.Topic) []string {
	if n.ListsEmptyGroups() || len(offsets.Partitions) == 0 {
		return nil
	}
	var lost []string
	for group := range m {
		p := offsets.Partition(kafka.CoordinatorPartition(group, int32(len(offsets.Partitions))))
		if p != nil && p.State == cluster.StateRecorded && p.Leader == n.ID {
			lost = append(lost, group)
		}
	}
	return lost
}

// answering returns the registered brokers that answered their probe. The others
// are not asked for more: what they would have told is unknown in this poll.
func (r *reading) answering() []kafka.Node {
	var nodes []kafka.Node
	for i := range r.brokerList {
		if b := &r.brokerList[i]; b.Registration != nil && b.Probe.Answered() {
			nodes = append(nodes, kafka.Node{ID: b.ID, Addr: b.Address, Registration: b.Registration.Version})
		}
	}
	return nodes
}

// joinGroups puts together what the coordinators said. While a coordinator moves,
// two brokers may list a group; the one that could describe it counts.
func (r *reading) joinGroups(all []groupsOfBroker) (error, []cluster.Fault) {
	var faults []cluster.Fault
	byName := map[string]cluster.Group{}
	failed := 0
	for i := range all {
		faults = append(faults, all[i].faults...)
		if all[i].failed {
			failed++
		}
		for _, g := range all[i].groups {
			if old, twice := byName[g.Name]; !twice || old.Members <= 0 && g.Members > 0 {
				byName[g.Name] = g
			}
		}
	}
	if failed == len(all) {
		err := fmt.Errorf("%w (no broker answers)", cluster.ErrDepends)
		if len(faults) > 0 {
			err = faults[0].Err
		}
		r.groups = cluster.Failed[*cluster.Groups](err)
		return err, faults
	}
	groups := slices.SortedFunc(maps.Values(byName), func(a, b cluster.Group) int { return strings.Compare(a.Name, b.Name) })
	for i := range all {
		for group, topics := range all[i].topics {
			r.memory.learn(group, topics...)
		}
		for _, group := range all[i].gone {
			delete(r.memory, group)
		}
	}
	r.groups = cluster.Read(&cluster.Groups{Groups: groups})
	return nil, faults
}

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
