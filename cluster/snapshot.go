package cluster

import "time"

// Trigger says what started a poll.
type Trigger string

// What starts a poll.
const (
	// TriggerNone starts none: there is something to be shown, and nothing to be found
	// out.
	TriggerNone     Trigger = ""
	TriggerInterval Trigger = "interval"
	TriggerWatch    Trigger = "zookeeper_watch"
	TriggerLost     Trigger = "connection_lost"
	TriggerMode     Trigger = "mode_changed"
	TriggerFollowUp Trigger = "followup"
	TriggerRun      Trigger = "rebalance"
)

// Triggers lists every trigger.
var Triggers = []Trigger{TriggerInterval, TriggerWatch, TriggerLost, TriggerMode, TriggerFollowUp, TriggerRun}

// Snapshot is the picture of one cluster as one poll saw it. Once published it
// is immutable, with everything that it refers to: readers share it freely and
// change nothing.
type Snapshot struct {
	Cluster  string // the kafka_cluster label
	Trigger  Trigger
	Started  time.Time // when the poll began
	Finished time.Time // when the last answer was in
	Amended  time.Time // when something newer was put in; zero where nothing was

	Ensemble      *Ensemble // nil when no ZooKeeper is configured
	Registrations Reading[map[int32]*Registration]
	Controller    Reading[Controller]
	ClusterID     string // "" where the release has none, or when it could not be read
	Mode          Mode   // where the cluster keeps its metadata; "" when not detected
	Release       string // MAJOR.MINOR of the oldest broker; "" when not detected
	Brokers       []Broker
	BrokersTried  int // addresses probed, bootstrap addresses included
	BrokersHeard  int // addresses that answered
	Picture       Reading[*Picture]
	Groups        Reading[*Groups]
	Quorum        Reading[*Quorum] // the controllers of a KRaft cluster; failed wherever they were not asked
	// Unconfirmed: no release like this one can prove that a controller is active,
	// so what it tells is shown as it stands.
	Unconfirmed bool
	// ElectionPending: a preferred-replica election is written in ZooKeeper, and the
	// controller has not yet taken it, or whether that is so could not be read. It is
	// false in KRaft, and where the registry could not be read at all.
	ElectionPending bool
	// LeaderRebalance is auto.leader.rebalance.enable as a broker told it last; nil where
	// none has.
	LeaderRebalance *bool
	Permissions     map[Permission]bool // what this user may do, as far as the release tells

	Outcomes map[Source]Outcome
	Summary  *Summary       // what follows from the picture; nil when the picture was not read
	History  History        // what only a comparison with earlier snapshots tells
	Troubles []Trouble      // what is wrong, the gravest and oldest first
	Requests []RequestCount // what polling has cost the brokers so far
}

// Permission names something that a user may be allowed to do.
type Permission struct {
	Resource  string // cluster, topic or group
	Operation string // describe, describe_configs or alter, in Kafka's sense
}

// Broker returns the known broker with this id, nil when there is none.
func (s *Snapshot) Broker(id int32) *Broker {
	for i := range s.Brokers {
		if s.Brokers[i].ID == id {
			return &s.Brokers[i]
		}
	}
	return nil
}

// Latest is the time of the latest that the snapshot tells.
func (s *Snapshot) Latest() time.Time {
	if s.Amended.After(s.Finished) {
		return s.Amended
	}
	return s.Finished
}

// Reachable says whether any broker answered in this poll.
func (s *Snapshot) Reachable() bool { return s.BrokersHeard > 0 }

// RequestCount counts the requests of one kind since the process started.
type RequestCount struct {
	API    string // Kafka's name of the request
	Sent   int
	Failed int
}
