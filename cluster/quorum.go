package cluster

import "slices"

// Mode says where a cluster keeps its metadata.
type Mode string

// The modes of a cluster; "" is one that was not detected.
const (
	ModeZooKeeper Mode = "zookeeper"
	ModeKRaft     Mode = "kraft"
)

// Quorum is what the controllers of a KRaft cluster say of themselves, as the
// leader among them tells it.
type Quorum struct {
	Leader        int32 // node id
	Epoch         int32 // of the leader: it rises with every election
	HighWatermark int64 // end of what a majority has
	Voters        []QuorumReplica
	Observers     []QuorumReplica // brokers, and controllers that have no vote
}

// QuorumReplica is a node that follows the metadata log.
type QuorumReplica struct {
	ID     int32
	LogEnd Offset
}

// Lag returns by how many records of the metadata log a replica is behind the
// leader, which itself is not behind. It is unknown when one of the two ends is.
func (q *Quorum) Lag(r QuorumReplica) (lag int64, known bool) {
	for _, v := range q.Voters {
		if v.ID == q.Leader {
			if r.LogEnd.Known() && v.LogEnd.Before(r.LogEnd) {
				return 0, true // it fetched while the leader counted
			}
			return Lag(v.LogEnd, r.LogEnd)
		}
	}
	return 0, false
}

// Each calls f for every node, voters first. A node stands once: where it is both, as
// while a voter is being added, it counts as a voter.
func (q *Quorum) Each(f func(n QuorumReplica, voter bool)) {
	for _, n := range q.Voters {
		f(n, true)
	}
	for _, n := range q.Observers {
		if !slices.ContainsFunc(q.Voters, func(v QuorumReplica) bool { return v.ID == n.ID }) {
			f(n, false)
		}
	}
}
