package cluster

import "time"

// GroupState is the state that a coordinator says a group is in.
type GroupState string

// The states of groups, in one spelling for all releases and kinds of groups.
const (
	GroupStable       GroupState = "stable"
	GroupPreparing    GroupState = "preparing_rebalance"
	GroupCompleting   GroupState = "completing_rebalance"
	GroupAssigning    GroupState = "assigning"   // KIP-848
	GroupReconciling  GroupState = "reconciling" // KIP-848
	GroupEmpty        GroupState = "empty"
	GroupDead         GroupState = "dead"
	GroupStateUnknown GroupState = "" // not told
)

// GroupStates lists every state that can be told.
var GroupStates = []GroupState{GroupStable, GroupPreparing, GroupCompleting, GroupAssigning, GroupReconciling, GroupEmpty, GroupDead}

// groupStates has Kafka's own words for the states.
var groupStates = map[string]GroupState{
	"Stable":              GroupStable,
	"PreparingRebalance":  GroupPreparing,
	"AwaitingSync":        GroupCompleting, // up to Kafka 0.11
	"CompletingRebalance": GroupCompleting,
	"Assigning":           GroupAssigning,
	"Reconciling":         GroupReconciling,
	"Empty":               GroupEmpty,
	"Dead":                GroupDead,
}

// GroupStateOf returns the state for which a coordinator has this word, and
// GroupStateUnknown for one that is not known.
func GroupStateOf(word string) GroupState { return groupStates[word] }

// GroupStatus is the verdict on how a group gets on with a partition, or, the worst
// of these, with all of its work.
type GroupStatus string

// The verdicts, the worst first.
const (
	// StatusStopped: messages wait, nobody consumes, and nothing is committed.
	StatusStopped GroupStatus = "stopped"
	// StatusStalled: messages wait, and those who should consume them commit nothing new.
	StatusStalled GroupStatus = "stalled"
	// StatusBlocked: all that can be read is consumed; an open transaction holds back
	// the rest from consumers that read committed messages only.
	StatusBlocked GroupStatus = "blocked_by_transaction"
	// StatusAhead: the commit lies beyond the end of the log.
	StatusAhead GroupStatus = "ahead_of_log"
	// StatusRewound: the commit went backwards, and has not caught up yet.
	StatusRewound GroupStatus = "rewound"
	// StatusSlow: the group commits, and falls further behind.
	StatusSlow GroupStatus = "slow"
	// StatusCatchingUp: it is behind, and gets closer.
	StatusCatchingUp GroupStatus = "catching_up"
	// StatusUnknown: too little was seen to tell.
	StatusUnknown GroupStatus = "unknown"
	// StatusOK: it keeps up, or there is nothing to keep up with.
	StatusOK GroupStatus = "ok"
)

// GroupStatuses lists every verdict, the worst first.
var GroupStatuses = []GroupStatus{
	StatusStopped, StatusStalled, StatusBlocked, StatusAhead, StatusRewound, StatusSlow, StatusCatchingUp, StatusUnknown, StatusOK,
}

// GroupVerdict says how a group gets on, and why that is thought.
type GroupVerdict struct {
	Status GroupStatus
	// Reason is a sentence for a person, without the group's name. It names the
	// partition where the verdict is one of a single partition.
	Reason string
}

// Age is how old something is. Its zero value is an age that is not known, so that a
// forgotten one is never mistaken for "just now".
type Age struct{ plusOne time.Duration }

// UnknownAge stands for an age that is not known.
var UnknownAge = Age{}

// AgeOf returns the known age d; a negative one, of something that lies ahead, is
// unknown.
func AgeOf(d time.Duration) Age {
	if d < 0 {
		return UnknownAge
	}
	return Age{d + 1}
}

// greatestAge finds the greatest of several ages, which is unknown when one of them is.
type greatestAge struct {
	most      Age
	uncertain bool
}

func (g *greatestAge) add(a Age) {
	g.uncertain = g.uncertain || !a.Known()
	if a.plusOne > g.most.plusOne {
		g.most = a
	}
}

func (g *greatestAge) get() Age {
	if g.uncertain {
		return UnknownAge
	}
	return g.most
}

// Known says whether the age is known.
func (a Age) Known() bool { return a.plusOne > 0 }

// Duration returns a known age, and -1 for an unknown one.
func (a Age) Duration() time.Duration { return a.plusOne - 1 }
