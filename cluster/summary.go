package cluster

// MissingReason says why a partition lacks replicas in its ISR.
type MissingReason string

// Why replicas are missing from an ISR. Where several are, the reason that asks
// for somebody's attention most counts, which is the last in this list.
const (
	MissingBrokerDown MissingReason = "broker_down"     // every missing replica is on a broker that is not registered
	MissingLogDir     MissingReason = "log_dir_offline" // one is on a failed log directory, and no other lags
	MissingLagging    MissingReason = "lagging"         // a registered broker does not keep up
)

// MissingReasons lists every reason.
var MissingReasons = []MissingReason{MissingBrokerDown, MissingLogDir, MissingLagging}

// Load is what the picture says of one broker.
type Load struct {
	Replicas         int // partitions whose assignment names it
	OutOfSync        int // partitions that it should be in sync for and is not
	Leaders          int // partitions that it leads
	PreferredLeaders int // partitions that it is the preferred leader of
	NotLeading       int // of these, the ones with a recorded state in which another leads, or none
	OfflineReplicas  int // replicas on its failed log directories, unless it is Leaving
	StopOfflines     int // partitions that would be left without a leader if it stopped now
	StopBreaks       int // partitions whose ISR would fall below min ISR if it stopped now

	Leaving bool // every replica of it is told to be offline: it is being stopped
}

// ImbalanceRatio is Kafka's own formula (KafkaController.checkAndTriggerPartitionRebalance):
// of the partitions that the broker is the preferred leader of, the part that it
// does not lead. It is undefined for a broker that is preferred for none.
func (l *Load) ImbalanceRatio() (ratio float64, ok bool) {
	if l.PreferredLeaders == 0 {
		return 0, false
	}
	return float64(l.NotLeading) / float64(l.PreferredLeaders), true
}

// Summary is what follows from the picture of all partitions. Topics that are
// being deleted are left out of all of it. A sum of which one part is unknown is
// unknown: read the flags before the numbers.
type Summary struct {
	// AssignmentKnown: every topic could be read, so Partitions, Replicas and
	// PreferredLeaders hold.
	AssignmentKnown bool
	// StatesKnown: AssignmentKnown, and the state of every partition is known, so
	// all numbers hold that need no more than leader and ISR.
	StatesKnown bool
	// RegistryKnown: it is known which brokers are registered. Together with
	// StatesKnown the rest holds.
	RegistryKnown bool
	// ProbesKnown: every leader could be asked, so LeaderUnreachable holds.
	ProbesKnown bool

	// MovesKnown: Reassigning holds as well.
	MovesKnown bool
	// LogDirsKnown: the cluster tells of failed log directories, so
	// OfflineReplicas holds, and MissingLogDir is told from MissingLagging.
	LogDirsKnown bool
	// MinISRKnown: min.insync.replicas of every topic is known, so the numbers that
	// need it hold where StatesKnown does.
	MinISRKnown bool

	Partitions        int
	Reassigning       int
	Offline           int // the recorded leader is none, or is not registered
	LeaderUnreachable int // led by a registered broker that does not answer us
	UnderReplicated   map[MissingReason]int
	UnderMinISR       int // the ISR is smaller than the effective min ISR
	AtMinISR          int // the ISR is as small as that, and smaller than the assignment
	MinISRTooLarge    int // topics whose min.insync.replicas is above their replication factor
	Electable         int // the preferred replica does not lead, is registered and in the ISR
	NotElectable      int // it does not lead, and an election would not repair it
	Loads             map[int32]*Load
}

// Load returns what is known of a broker; an unnamed broker has an empty one.
func (s *Summary) Load(broker int32) Load {
	if l := s.Loads[broker]; l != nil {
		return *l
	}
	return Load{}
}

// MaxImbalance returns the greatest imbalance ratio of all brokers.
func (s *Summary) MaxImbalance() float64 {
	worst := 0.0
	for _, l := range s.Loads {
		if r, ok := l.ImbalanceRatio(); ok && r > worst {
			worst = r
		}
	}
	return worst
}
