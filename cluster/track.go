package cluster

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// groupTrack is what is remembered of a group.
type groupTrack struct {
	topics    map[string]*topicTrack
	committed time.Time      // when its commits were last seen to change
	changed   bool           // they did so in this snapshot
	lost      map[string]int // by topic: messages deleted before it had consumed them
	known     bool           // it was in a snapshot before
	seen      time.Time      // when it was last

	coordinator int32     // of the group
	tookOver    time.Time // when that was seen to have taken it over; zero when it was not
}

// topicTrack is what is remembered of a group's commits in a topic.
type topicTrack struct {
	of      Topic // its id and znode
	staffed bool  // the group had members for it in the snapshot before
	parts   []track
}

// track is what is remembered of a group's commits in a partition.
type track struct {
	commits [windowSlots]int64 // by slot; -1 where unknown
	last    int64              // the last that was known, else noCommit or unknownCommit
	missing int64              // how many messages lay deleted between it and the log's start
	counted bool               // missing was read before
}

const (
	noCommit      = -1 // there was none
	unknownCommit = -2 // there was one, which could not be read
)

// clear forgets the commits of a slot that is used again.
func (g *groupTrack) clear(slot int) {
	for _, t := range g.topics {
		for i := range t.parts {
			t.parts[i].commits[slot] = -1
		}
	}
}

// topic returns what is remembered of a topic: of one that was created anew, the last
// commits alone, which outlive the one before.
func (g *groupTrack) topic(topic *Topic) *topicTrack {
	t := g.topics[topic.Name]
	if t == nil {
		t = &topicTrack{}
		g.topics[topic.Name] = t
	} else if same, _ := t.of.Same(topic); !same {
		t.staffed = false
		for i := range t.parts {
			t.parts[i] = track{commits: noOffsets, last: t.parts[i].last}
		}
	}
	t.of = Topic{ID: topic.ID, Created: topic.Created}
	return t
}

// retain forgets the topics in which the group has no commit any more.
func (g *groupTrack) retain(topics []GroupOffsets) {
	gone := func(topic string) bool {
		_, has := slices.BinarySearchFunc(topics, topic, func(t GroupOffsets, name string) int { return strings.Compare(t.Topic, name) })
		return !has
	}
	maps.DeleteFunc(g.topics, func(topic string, _ *topicTrack) bool { return gone(topic) })
	maps.DeleteFunc(g.lost, func(topic string, _ int) bool { return gone(topic) })
}

// strayPartitions is by how much the ids of partitions may exceed the number of those
// that are told of a topic: that nobody makes us remember a billion of them.
const strayPartitions = 1000

// followed says whether a partition's commits are remembered.
func followed(t *Topic, partition int32) bool {
	return partition >= 0 && int(partition) < len(t.Partitions)+strayPartitions
}

// at returns what is remembered of a partition, which must be followed.
func (t *topicTrack) at(partition int32) *track {
	for len(t.parts) <= int(partition) {
		t.parts = append(t.parts, track{commits: noOffsets, last: noCommit})
	}
	return &t.parts[partition]
}

// note remembers a commit, and says whether it is another one than before.
func (t *track) note(slot int, commit Offset) (changed bool) {
	if !commit.Known() {
		if t.last == noCommit {
			t.last = unknownCommit
		}
		return false
	}
	changed = t.last != commit.Int() && t.last != unknownCommit
	t.last, t.commits[slot] = commit.Int(), commit.Int()
	return changed
}

// lose returns how many messages more than at the reading before were deleted before
// the group came to them, if it had members then as well.
func (t *track) lose(committed, start int64, staffed bool) (more int) {
	missing := max(start-committed, 0)
	if staffed && t.counted && missing > t.missing {
		more = int(missing - t.missing)
	}
	t.missing, t.counted = missing, true
	return more
}
