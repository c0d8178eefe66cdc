package collectors

import (
	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/metrics"
)

// The shape is that of the ZooKeeper servers' modes: one state set for each node.
const (
	roleLeader   = "leader"
	roleFollower = "follower" // a voter that does not lead
	roleObserver = "observer"
)

var quorumRoles = []string{roleLeader, roleFollower, roleObserver}

var (
	quorumRole      = gauge("kafka_quorum_node_role", "1 for the part that the node has in the quorum of a KRaft cluster, 0 for the others: the leader is the active controller, brokers are observers.", "node", "role")
	quorumLag       = gauge("kafka_quorum_lag_records", "Records of the metadata log by which the node is behind the leader.", "node")
	quorumLeader    = gauge("kafka_quorum_leader_id", "Node id of the leader.")
	quorumVoters    = gauge("kafka_quorum_voters", "Controllers that have a vote.")
	quorumObservers = gauge("kafka_quorum_observers", "Nodes that follow the metadata log without a vote, brokers among them.")
	quorumEpoch     = gauge("kafka_quorum_leader_epoch", "Epoch of the leader: it rises with every election.")
	quorumHigh      = gauge("kafka_quorum_high_watermark", "End of what a majority of the voters has of the metadata log.")
)

var quorumCollector = &Collector{
	Name:      "quorum",
	Help:      "The controllers of a KRaft cluster, as their leader tells of them. Absent while no controller answers, and where this user may not DESCRIBE the cluster.",
	Sources:   []cluster.Source{cluster.SourceQuorum},
	Families:  []*metrics.Family{quorumRole, quorumLag, quorumLeader, quorumVoters, quorumObservers, quorumEpoch, quorumHigh},
	Emit:      emitQuorum,
	Applies:   func(s *cluster.Snapshot) bool { return s.Mode == cluster.ModeKRaft },
	OfCluster: true,
}

func emitQuorum(v *View, w *metrics.Writer) {
	q, ok := v.Quorum.Get()
	if !ok {
		return
	}
	w.Begin(quorumRole)
	q.Each(func(n cluster.QuorumReplica, voter bool) {
		role := roleObserver
		switch {
		case n.ID == q.Leader:
			role = roleLeader
		case voter:
			role = roleFollower
		}
		for _, r := range quorumRoles {
			w.Bool(r == role, brokerLabel(n.ID), r)
		}
	})
	w.Begin(quorumLag)
	q.Each(func(n cluster.QuorumReplica, _ bool) {
		if lag, known := q.Lag(n); known {
			w.Int(lag, brokerLabel(n.ID))
		}
	})
	for _, single := range []struct {
		family *metrics.Family
		value  int64
	}{
		{quorumLeader, int64(q.Leader)}, {quorumVoters, int64(len(q.Voters))}, {quorumObservers, int64(len(q.Observers))},
		{quorumEpoch, int64(q.Epoch)}, {quorumHigh, q.HighWatermark},
	} {
		w.Begin(single.family)
		w.Int(single.value)
	}
}
