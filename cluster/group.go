package cluster

import "time"

// UnknownMembers is the member count of a group that could not be described.
const UnknownMembers = -1

// Group is a consumer group with its committed offsets in Kafka.
type Group struct {
	Name        string
	Coordinator int32 // broker id
	State       GroupState
	Type        string // in Kafka's words: "classic", "consumer" (KIP-848); "" before Kafka 3.8
	Members     int    // UnknownMembers when unknown; 0 for a group that only commits
	Idle        int    // members without a partition; UnknownMembers when unknown
	// Subscribed are the topics that its members asked for or are assigned partitions of,
	// sorted; nil where that is not known, as while it rebalances or without members.
	Subscribed []string
	Quiet      bool           // by the configuration: measured and never alerted on
	Topics     []GroupOffsets // by topic name
	Unread     bool           // what it committed could not be read: that there are no Topics says nothing

	// What follows from what was seen of the group so far.
	Verdict   GroupVerdict
	Behind    Age            // the greatest of its commits'; unknown when one is
	Committed time.Time      // when its commits were last seen to change; zero when they were not
	Lost      map[string]int // by topic: messages that were deleted before it had consumed them, while it had members
}

// OldGroup is a group of old high-level consumers, as it stands in ZooKeeper below
// /consumers.
type OldGroup struct {
	Name    string
	Members int // consumers that are registered now; UnknownMembers when unknown
	// Subscribed are the topics that its members asked for by name or own partitions
	// of, sorted. A group that keeps its offsets in Kafka is known by these alone.
	Subscribed []string
	Topics     []GroupOffsets // what it committed in ZooKeeper, by topic name
}

// GroupOffsets holds what a group committed for one topic.
type GroupOffsets struct {
	Topic   string
	Commits []Commit // by partition; partitions without a commit have none
}

// CommittedSum adds up the commits. It is unknown when one of them is.
func (g *GroupOffsets) CommittedSum() (sum int64, known bool) {
	for _, c := range g.Commits {
		if !c.Offset.Known() {
			return 0, false
		}
		sum += c.Offset.Int()
	}
	return sum, true
}

// LagSum adds up the lag over the partitions that have a commit, given the topic,
// which may be nil. It is unknown when one of them is.
func (g *GroupOffsets) LagSum(t *Topic) (sum int64, known bool) {
	for _, c := range g.Commits {
		lag, known := Lag(t.End(c.Partition), c.Offset)
		if !known {
			return 0, false
		}
		sum += lag
	}
	return sum, true
}

// Commit is a committed offset of one partition: the next offset to be consumed.
type Commit struct {
	Partition int32
	Offset    Offset // UnknownOffset when it could not be read
	// Behind is the age of the oldest message that is not committed: 0 when none is.
	Behind  Age
	Verdict GroupStatus // "" where nothing was judged
}

// Groups is what the brokers that answered said of their groups.
type Groups struct {
	Groups []Group    // by name
	Old    []OldGroup // by name; nil where ZooKeeper is not used
	// Limited: more groups without members are known than are asked for, of a release
	// that does not list them.
	Limited bool
	// OldUnread: those of old consumers could not be read, so that there are none in Old
	// says nothing. OldLimited: there are more than are read.
	OldUnread, OldLimited bool
}

// Lag returns how many messages lie between a committed offset and the end of the
// log. It is unknown when one of the two is, and when the commit lies beyond the
// end (an unclean election, a topic that was created anew, mirrored commits): it
// is never clamped and never negative.
func Lag(end, committed Offset) (lag int64, known bool) {
	if !end.Known() || !committed.Known() || end.Before(committed) {
		return 0, false
	}
	return end.Int() - committed.Int(), true
}
