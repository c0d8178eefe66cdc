package collectors

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/kafka"
)

// Up to Kafka 0.10.1 nobody lists a group once it has no members, and its offsets are
// told only for partitions that are named. So what groups there are, and what they
// consume, has to be remembered from when they had members, to be named in the
// configuration, or to be found among the keys of the offsets topic.

// unlisted is what is known of a group that its coordinator may not list.
type unlisted struct {
	topics  map[string]bool // in which it was seen to consume or commit
	watched bool            // the configuration names it
	asked   time.Time       // when it was last asked for its commits in all topics
}

const (
	// How many intervals pass until a group that is watched is asked for its commits in
	// all topics again, while it has none, and once it has some: it may have turned to
	// another topic.
	watchPause      = 4
	watchPauseKnown = 20
	// mostUnlisted is how many such groups of one coordinator are asked, which takes a
	// request for each.
	mostUnlisted = 1000
	// mostRemembered bounds the memory.
	mostRemembered = 50_000
)

// pause is how long a group that is watched is not asked for commits in all topics.
func (u *unlisted) pause(interval time.Duration) time.Duration {
	if len(u.topics) > 0 {
		return watchPauseKnown * interval
	}
	return watchPause * interval
}

// groupMemory holds the groups that may not be listed, by name.
type groupMemory map[string]*unlisted

// newGroupMemory knows the groups that the configuration names.
func newGroupMemory(cfg config.Cluster) groupMemory {
	m := groupMemory{}
	for _, name := range cfg.Groups.Watch {
		if cfg.Shard.Owns(name) {
			m.of(name).watched = true
		}
	}
	return m
}

func (m groupMemory) of(group string) *unlisted {
	u := m[group]
	if u == nil {
		u = &unlisted{topics: map[string]bool{}}
		m[group] = u
	}
	return u
}

// learn remembers topics in which a group consumes.
func (m groupMemory) learn(group string, topics ...string) {
	if m[group] == nil && len(m) >= mostRemembered {
		return
	}
	u := m.of(group)
	for _, t := range topics {
		u.topics[t] = true
	}
}

// forget drops a group that has no commit left, unless the configuration names it.
func (m groupMemory) forget(group string) {
	if u := m[group]; u != nil && u.watched {
		clear(u.topics)
		return
	}
	delete(m, group)
}

// lostOf returns the groups that a broker of a release which lists no groups without
// members coordinates: those whose partition of the offsets topic it leads. More says
// that there are more of them than are asked.
func (m groupMemory) lostOf(n kafka.Node, i kafka.Identity, offsets *cluster.Topic) (lost []string, more bool) {
	if i.EmptyGroups || offsets == nil || len(offsets.Partitions) == 0 {
		return nil, false
	}
	for group := range m {
		p := offsets.Partition(kafka.CoordinatorPartition(group, int32(len(offsets.Partitions))))
		if p != nil && p.State == cluster.StateRecorded && p.Leader == n.ID {
			lost = append(lost, group)
		}
	}
	slices.Sort(lost) // so that it is the same ones that are left out
	if len(lost) > mostUnlisted {
		return lost[:mostUnlisted], true
	}
	return lost, false
}

// readLost reads the offsets of a group that is not listed, since it has no members.
// Without any commit it is no group any more.
func (g *groupsOfBroker) readLost(ctx context.Context, name string) {
	known := g.memory[name]
	topics := slices.Collect(maps.Keys(known.topics))
	everywhere := known.watched && g.started.Sub(known.asked) >= known.pause(g.cfg.Poll.Interval)
	if everywhere {
		topics = nil
		for i := range g.picture.Topics {
			topics = append(topics, g.picture.Topics[i].Name)
		}
	}
	if len(topics) == 0 {
		return
	}
	for _, t := range topics {
		if topic := g.picture.Topic(t); topic != nil && topic.Unreadable && known.topics[t] {
			return // what it committed there cannot be asked for now
		}
	}
	offsets, err := g.brokers.CommittedOffsets(ctx, g.node, name, g.ask(topics))
	if err == nil && everywhere {
		g.asked = append(g.asked, name)
	}
	switch {
	case err != nil:
		g.fail(err)
	case len(offsets) == 0:
		g.gone = append(g.gone, name)
	default:
		for _, t := range offsets {
			g.topics[name] = append(g.topics[name], t.Topic)
		}
		g.add(cluster.Group{Name: name, Members: 0, Topics: offsets})
	}
}
