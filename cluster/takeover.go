package cluster

import (
	"slices"
	"strings"
	"time"
)

// takeover is how long a coordinator that has just taken over a group is not believed
// where it tells of less than the one before: from Kafka 4 on it answers by what lies
// below the high watermark of its log, which a new leader is the last to learn.
const takeover = 10 * time.Second

// doubt makes unknown what a coordinator that has just taken over does not tell of the
// group's commits, or tells as older ones: a sum without them would be wrong.
func (g *groupTrack) doubt(of *Group, now time.Time) {
	if g.known && g.coordinator != of.Coordinator {
		g.tookOver = now
	}
	g.coordinator = of.Coordinator
	if of.Unread || g.tookOver.IsZero() || now.Sub(g.tookOver) >= takeover {
		return
	}
	for topic, t := range g.topics {
		i, found := slices.BinarySearchFunc(of.Topics, topic, func(o GroupOffsets, name string) int { return strings.Compare(o.Topic, name) })
		if !found {
			of.Topics = slices.Insert(of.Topics, i, GroupOffsets{Topic: topic})
		}
		t.doubt(&of.Topics[i])
	}
}

// doubt makes unknown which commits of a topic are missing or older than before.
func (t *topicTrack) doubt(of *GroupOffsets) {
	for id := range t.parts {
		last := t.parts[id].last
		if last < 0 {
			continue
		}
		i, found := slices.BinarySearchFunc(of.Commits, int32(id), func(c Commit, id int32) int { return int(c.Partition) - int(id) })
		switch {
		case !found:
			of.Commits = slices.Insert(of.Commits, i, Commit{Partition: int32(id), Offset: UnknownOffset})
		case of.Commits[i].Offset.Known() && of.Commits[i].Offset.Int() < last:
			of.Commits[i].Offset = UnknownOffset
		}
	}
}
