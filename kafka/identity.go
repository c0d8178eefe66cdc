package kafka

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evenkeel/evenkeel/cluster"
)

// Identity is what a broker is and can do, as it said when its present connection
// was opened. The zero value is a broker that has not said anything.
type Identity struct {
	Release string       // MAJOR.MINOR such as 0.10, 2.8 or 4.4; of later ones the last that is known; "" when it cannot be told
	Mode    cluster.Mode // "" when it is not told, as by services that only speak the protocol

	AnswersVersions bool // it was asked what it knows, and answered

	Groups       bool // ListGroups and DescribeGroups (0.9)
	EmptyGroups  bool // ListGroups is sure to name groups that have commits and no members (0.10.2)
	AllOffsets   bool // all that a group committed can be asked for without naming partitions (0.10.2)
	BatchOffsets bool // and for several groups in one request (3.0)

	Timestamps    bool // OffsetsSince (0.10.1)
	StableOffsets bool // ListOffsets tells LastStable (0.11)

	NamesController  bool // Metadata names the controller (0.10); in KRaft that is any broker
	TellsReplicas    bool // Metadata has the assignment whole and in its order (0.11)
	Configs          bool // DescribeConfigs (0.11)
	Reassignments    bool // ListPartitionReassignments (2.4)
	DescribesCluster bool // DescribeCluster (2.8)
	Quorum           bool // DescribeQuorum (3.3, in KRaft)
	ElectLeaders     bool // ElectPreferred (2.2)
}

// Identity returns what the node last said of itself. Where it has not been
// connected to, only what its registration implies is set.
func (c *Client) Identity(n Node) Identity {
	c.mu.Lock()
	t := c.targets[c.key(n)]
	c.mu.Unlock()
	if t != nil {
		if said := t.identity.Load(); said != nil {
			return *said
		}
	}
	return implied(n.Registration)
}

// implied returns what the version of a registration in ZooKeeper implies: the
// true release is never older.
func implied(registration int) Identity {
	if registration <= 0 {
		return Identity{}
	}
	i := Identity{
		Mode: cluster.ModeZooKeeper, Groups: registration >= 2, NamesController: registration >= 3,
		EmptyGroups: registration >= 4, AllOffsets: registration >= 4, Timestamps: registration >= 4, StableOffsets: registration >= 5,
	}
	if registration == 1 {
		i.Release = "0.8"
	}
	return i
}

// identify tells what a broker is by the requests that it knows, and by the greatest
// level of metadata.version that it supports, 0 for none.
func identify(known spans, level int16) Identity {
	return Identity{
		Release: releaseOf(known, level), Mode: modeOf(known), AnswersVersions: known.knows(kmsg.ApiVersions, 0),

		Groups:       known.knows(kmsg.ListGroups, 0) && known.knows(kmsg.DescribeGroups, 0),
		EmptyGroups:  known.knows(kmsg.OffsetFetch, 2),
		AllOffsets:   known.knows(kmsg.OffsetFetch, 2),
		BatchOffsets: known.knows(kmsg.OffsetFetch, 8),

		Timestamps:    known.knows(kmsg.ListOffsets, 1),
		StableOffsets: known.knows(kmsg.ListOffsets, 2),

		NamesController:  known.knows(kmsg.Metadata, 1),
		TellsReplicas:    known.knows(kmsg.Metadata, 4),
		Configs:          known.knows(kmsg.DescribeConfigs, 0),
		Reassignments:    known.knows(kmsg.ListPartitionReassignments, 0),
		DescribesCluster: known.knows(kmsg.DescribeCluster, 0),
		Quorum:           known.knows(kmsg.DescribeQuorum, 0),
		ElectLeaders:     known.knows(kmsg.ElectLeaders, 0),
	}
}

// modeOf tells the mode: only brokers with ZooKeeper take UpdateMetadata from the
// controller, and only those in KRaft speak for a quorum. Those too old to answer
// ApiVersions have ZooKeeper.
func modeOf(known spans) cluster.Mode {
	switch {
	case known.knows(kmsg.UpdateMetadata, 0), !known.knows(kmsg.ApiVersions, 0):
		return cluster.ModeZooKeeper
	case known.knows(kmsg.DescribeQuorum, 0) && !known.knows(kmsg.LeaderAndISR, 0):
		return cluster.ModeKRaft
	default:
		return ""
	}
}
