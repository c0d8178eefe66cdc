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

	Groups         bool // ListGroups and DescribeGroups (0.9)
	EmptyGroups    bool // ListGroups is sure to name groups that have commits and no members (0.10.2)
	AllOffsets     bool // all that a group committed can be asked for without naming partitions (0.10.2)
	BatchOffsets   bool // and for several groups in one request (3.0)
	GroupTypes     bool // ListGroups tells the type of each group (3.8)
	ConsumerGroups bool // ConsumerGroupDescribe (3.8)

	NamesController  bool // Metadata names the controller (0.10); in KRaft that is any broker
	TellsReplicas    bool // Metadata has the assignment whole and in its order (0.11)
	OfflineReplicas  bool // Metadata tells replicas whose broker or log directory is gone (1.0)
	TopicOperations  bool // Metadata and DescribeGroups tell what the user may do (2.3)
	Configs          bool // DescribeConfigs (0.11)
	Elections        bool // ElectLeaders (2.2)
	Reassignments    bool // ListPartitionReassignments (2.4)
	DescribesCluster bool // DescribeCluster (2.8)
	TopicIDs         bool // Metadata has the ids of topics (2.8)
	Quorum           bool // DescribeQuorum (3.3, in KRaft)
	FencedBrokers    bool // DescribeCluster has the fenced brokers, too (4.0)
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
		EmptyGroups: registration >= 4, AllOffsets: registration >= 4,
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

		Groups:         known.knows(kmsg.ListGroups, 0) && known.knows(kmsg.DescribeGroups, 0),
		EmptyGroups:    known.knows(kmsg.OffsetFetch, 2),
		AllOffsets:     known.knows(kmsg.OffsetFetch, 2),
		BatchOffsets:   known.knows(kmsg.OffsetFetch, 8),
		GroupTypes:     known.knows(kmsg.ListGroups, 5),
		ConsumerGroups: known.knows(kmsg.ConsumerGroupDescribe, 0),

		NamesController:  known.knows(kmsg.Metadata, 1),
		TellsReplicas:    known.knows(kmsg.Metadata, 4),
		OfflineReplicas:  known.knows(kmsg.Metadata, 5),
		TopicOperations:  known.knows(kmsg.Metadata, 8),
		Configs:          known.knows(kmsg.DescribeConfigs, 0),
		Elections:        known.knows(kmsg.ElectLeaders, 0),
		Reassignments:    known.knows(kmsg.ListPartitionReassignments, 0),
		DescribesCluster: known.knows(kmsg.DescribeCluster, 0),
		TopicIDs:         known.knows(kmsg.Metadata, 10),
		Quorum:           known.knows(kmsg.DescribeQuorum, 0),
		FencedBrokers:    known.knows(kmsg.DescribeCluster, 2),
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
