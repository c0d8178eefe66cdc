package rebalance

// Guard is a reason of the whole cluster not to elect now. Its values are those of the
// label of evenkeel_rebalance_blocked, and what `elect --override` names.
type Guard string

// The guards of a cluster.
const (
	Unsupported      Guard = "unsupported"
	Unauthorized     Guard = "unauthorized"
	BelowThreshold   Guard = "below_threshold"
	NothingElectable Guard = "nothing_electable"
	NotPersistent    Guard = "not_persistent"
	Blind            Guard = "blind"
	NoQuorum         Guard = "no_quorum"
	NoController     Guard = "no_controller"
	ElectionPending  Guard = "election_pending"
	BrokerLeft       Guard = "broker_left"
	BrokersDown      Guard = "brokers_down"
	UnderReplicated  Guard = "under_replicated"
	Reassigning      Guard = "reassigning"
	OutsideWindow    Guard = "outside_window"
	Cooldown         Guard = "cooldown"
	Budget           Guard = "budget"
	PingPong         Guard = "ping_pong"
	NotLeader        Guard = "not_leader"
	Paused           Guard = "paused"
)

// Guards lists the guards that hold a run back, in the order in which they are told.
// BelowThreshold and NothingElectable are none of them: with these there is nothing to do.
var Guards = []Guard{
	Unsupported, Unauthorized, Blind, NoQuorum, NoController, ElectionPending, NotPersistent,
	BrokerLeft, BrokersDown, UnderReplicated, Reassigning, OutsideWindow, Cooldown, Budget,
	PingPong, NotLeader, Paused,
}

// Skip is a reason to pass one misplaced partition over. Its values are those of the
// label of evenkeel_rebalance_skipped.
type Skip string

// The guards of a candidate.
const (
	NotRegistered   Skip = "not_registered"
	Fenced          Skip = "fenced"
	Unreachable     Skip = "unreachable"
	NotInISR        Skip = "not_in_isr"
	ISRNotWhole     Skip = "isr_not_whole"
	BeingReassigned Skip = "being_reassigned"
	BeingDeleted    Skip = "being_deleted"
	TopicExcluded   Skip = "topic_excluded"
	BrokerExcluded  Skip = "broker_excluded"
	Unsettled       Skip = "unsettled"
	Flapping        Skip = "flapping"
	Slow            Skip = "slow"
)

// Skips lists them, in the order in which they are asked: the first that holds counts.
var Skips = []Skip{
	BeingDeleted, BeingReassigned, NotRegistered, Fenced, Unreachable, NotInISR, ISRNotWhole,
	TopicExcluded, BrokerExcluded, Unsettled, Flapping, Slow,
}
