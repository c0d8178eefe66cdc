package rebalance

import (
	"regexp"
	"time"

	"github.com/evenkeel/evenkeel/config"
)

// Candidate is a partition that its preferred leader does not lead.
type Candidate struct {
	Topic     string
	Partition int32
	Leader    int32 // of now; cluster.NoLeader where there is none
	Preferred int32 // who is to lead
}

// Block is a guard of the cluster that holds, and the fact behind it in words.
type Block struct {
	Guard Guard  `json:"guard"`
	Why   string `json:"why"` // "broker 3 left 2m ago, less than 10m"
	// Until is when it lets go if nothing happens meanwhile; zero where that is not a
	// matter of time.
	Until time.Time `json:"until,omitzero"`
}

// Passed is a misplaced partition that is passed over.
type Passed struct {
	Candidate
	Reason Skip
}

// Decision is the answer to whether to elect now. It belongs to the caller.
type Decision struct {
	At time.Time
	// Plan is what to elect, in the order of the batches; empty where a guard holds.
	Plan []Candidate
	// Candidates is what the guards of a candidate let pass, whatever those of the
	// cluster say: brokers with the largest imbalance first, then by topic and partition.
	Candidates []Candidate
	Blocked    []Block // every guard that holds, in the order of Guards; then those that mean that there is nothing to do
	Skipped    map[Skip]int
	Passed     []Passed // the first of those that are passed over, for people to read
}

// Policy says when to elect. Windows are parsed, the rest is as configured.
type Policy struct {
	config.Rebalance
	Calendar *Calendar // nil: always
	// Fresh is the age from which on a snapshot is too old to decide by: three
	// intervals and a timeout.
	Fresh  time.Duration
	ByHand *ByHand // a person asked for this run; nil for mode auto and dry_run
}

// ByHand is what a person asked for. It sets aside threshold, persistence, windows,
// cool-down, budget, ping-pong, pause and the lock of mode auto.
type ByHand struct {
	Topic    *regexp.Regexp  // nil: every topic
	Broker   *int32          // only partitions that this broker is to lead; nil: every broker
	Max      int             // the most partitions; 0: no limit
	Override map[string]bool // names of the guards and skips that may be overridden, and are
}

// Overridable lists what ByHand.Override may name.
var Overridable = []string{
	string(BrokerLeft), string(BrokersDown), string(UnderReplicated), string(Reassigning),
	string(ISRNotWhole), string(Unsettled), string(Flapping), string(Slow), string(BrokerExcluded),
}

// Memory is what is known beside the snapshot.
type Memory struct {
	Watch *Watch // of the snapshots so far, this one included
	Kept  Kept
	// Run holds the brokers whose partitions a run in progress brings back; nil where
	// none is. Between its batches threshold, persistence, cool-down and budget are not
	// asked again, and the ratio has to come down to 0.
	Run map[int32]bool
	// NotLeader says who else decides, or why that is unknown; "" where we do.
	NotLeader string
	// Refused says why the cluster refused this user's last election; "" where it did not.
	Refused string
}

// Kept is what outlives a process: in ZooKeeper under the lock path, else in the state
// file. Times are wall-clock times; those that lie in the future when it is read, since a
// clock was set back, count as now (see Kept.Settle).
type Kept struct {
	Version int    `json:"version"`
	Runs    []Done `json:"runs,omitempty"` // those that count for cool-down and budget, oldest first
	// Restored is what the latest runs gave back, to see whether it is lost again.
	Restored []Restored          `json:"restored,omitempty"`
	Losses   []Loss              `json:"losses,omitempty"`
	PingPong map[int32]time.Time `json:"ping_pong,omitempty"` // by broker: since when runs are held back, until a person resumes
	Paused   *Pause              `json:"paused,omitempty"`
	Excluded map[int32]time.Time `json:"excluded,omitempty"` // by broker: until when it is given no leadership
}

// Done is a run that was made.
type Done struct {
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"` // while it goes on: when it was last heard of
	ByHand  bool      `json:"by_hand,omitempty"`
}

// Restored is what a run gave back to one broker.
type Restored struct {
	Broker     int32              `json:"broker"`
	At         time.Time          `json:"at"`
	Partitions map[string][]int32 `json:"partitions"`     // by topic
	Lost       bool               `json:"lost,omitempty"` // counted as a Loss already
}

// Loss is that half of what a run gave back to a broker was lost by it again.
type Loss struct {
	Broker int32     `json:"broker"`
	At     time.Time `json:"at"`
}

// Pause is a person's word that nothing is to be elected.
type Pause struct {
	Since time.Time `json:"since"`
}
