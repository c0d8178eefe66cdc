package cluster

import (
	"math"
	"slices"
	"sort"
	"strings"
	"time"
)

// NoLeader is the leader of a partition for which the controller recorded none.
const NoLeader int32 = -1

// NoVersion is the version of a state that was not read from a znode.
const NoVersion int32 = -1

// Offset is a position in a partition's log. Its zero value is an offset that is
// not known, so that a forgotten one is never mistaken for the start of the log.
type Offset struct{ plusOne int64 }

// UnknownOffset stands for an offset that could not be read.
var UnknownOffset = Offset{}

// OffsetAt returns the known offset n. Kafka's own offsets are never negative; a
// negative n, which its protocol uses for "none", is unknown, and so is the greatest
// number that there is, which no log reaches.
func OffsetAt(n int64) Offset {
	if n < 0 || n == math.MaxInt64 {
		return UnknownOffset
	}
	return Offset{n + 1}
}

// Known says whether the offset was read.
func (o Offset) Known() bool { return o.plusOne > 0 }

// Int returns a known offset as a number, and -1 for an unknown one.
func (o Offset) Int() int64 { return o.plusOne - 1 }

// Before says whether both offsets are known and o is the smaller one.
func (o Offset) Before(p Offset) bool { return o.Known() && p.Known() && o.plusOne < p.plusOne }

// StateKind says what is known of a partition's leader and ISR.
type StateKind uint8

// What is known of a partition's state. The zero value is the careful one.
const (
	StateUnknown  StateKind = iota // it could not be read, or could not be understood
	StateAbsent                    // the controller recorded none yet: there is no leader
	StateLeader                    // Leader holds, and the ISR cannot be told here
	StateRecorded                  // Leader, ISR, LeaderEpoch and Version hold
)

// Partition is one partition of a topic.
type Partition struct {
	ID          int32
	State       StateKind
	Reassigning bool
	Replicas    []int32 // the assignment, in its order: the first is the preferred leader
	Adding      []int32 // replicas that a reassignment is adding; they need not be in sync yet
	// Leader is NoLeader when none is recorded. While the state is unknown it may
	// name a broker to ask for offsets, who knows by himself whether he leads.
	Leader      int32
	ISR         []int32 // as recorded, in the recorded order
	Offline     []int32 // replicas whose broker is gone or whose log directory failed, where the cluster tells them
	LeaderEpoch int32
	Version     int32 // of the state znode: it rises by one with every write; NoVersion where there is none
	Start       Offset
	End         Offset // the high watermark: the end of the log for consumers
	Stable      Offset // the last stable offset: the end for consumers that read committed messages only; UnknownOffset unless it was asked for

	lastEnd Offset // End, or where it was when it was last known
}

// Topic is a topic with all its partitions.
type Topic struct {
	Name       string
	ID         string    // as Kafka spells it; "" where the release has none
	Created    int64     // czxid of the topic's znode; 0 where it was not read from there
	Made       time.Time // when that znode was made, by the ensemble's clock; zero likewise
	MinISR     int       // min.insync.replicas as it is in force; 0 when unknown
	Deleting   bool
	Unreadable bool        // its znode holds rubbish: how many partitions it has is unknown
	Partitions []Partition // by id
}

// Same says whether two readings are of one topic, and not of two that had the
// same name one after the other. Where neither ids nor znodes can be compared,
// because they were read from different sources, or from one that has none, it takes
// them for one, and is not certain.
func (t *Topic) Same(o *Topic) (same, certain bool) {
	switch {
	case t.ID != "" && o.ID != "":
		return t.ID == o.ID, true
	case t.Created != 0 && o.Created != 0:
		return t.Created == o.Created, true
	default:
		return true, false
	}
}

// Partition returns the partition with this id, nil when there is none. It looks at
// nothing but ids, so that others may fill in offsets meanwhile.
func (t *Topic) Partition(id int32) *Partition {
	if uint(id) < uint(len(t.Partitions)) && t.Partitions[id].ID == id {
		return &t.Partitions[id] // as it is unless one of them was not told
	}
	i, found := sort.Find(len(t.Partitions), func(i int) int { return int(id - t.Partitions[i].ID) })
	if !found {
		return nil
	}
	return &t.Partitions[i]
}

// Picture is the picture of all partitions.
type Picture struct {
	Topics []Topic // by name
	// MovesUnknown: it could not be read which partitions are being reassigned.
	MovesUnknown bool
	// StatesUnknown: no partition's state is known, should there be any.
	StatesUnknown bool
	// LeadersOnly: neither assignment nor ISR can be told here.
	LeadersOnly bool
	// OfflineTold: every partition's Offline holds.
	OfflineTold bool
}

// Topic returns the topic of this name, nil when there is none.
func (p *Picture) Topic(name string) *Topic {
	i, found := sort.Find(len(p.Topics), func(i int) int { return strings.Compare(name, p.Topics[i].Name) })
	if !found {
		return nil
	}
	return &p.Topics[i]
}

// End returns the end of a partition's log, UnknownOffset when there is no such
// partition. A nil topic has none.
func (t *Topic) End(partition int32) Offset {
	if t == nil {
		return UnknownOffset
	}
	if p := t.Partition(partition); p != nil {
		return p.End
	}
	return UnknownOffset
}

// Preferred returns the preferred leader: the first replica of the assignment.
func (p *Partition) Preferred() (broker int32, ok bool) {
	if len(p.Replicas) == 0 {
		return 0, false
	}
	return p.Replicas[0], true
}

// LeaderKnown says whether the recorded leader is known; NoLeader is a known one.
func (p *Partition) LeaderKnown() bool { return p.State != StateUnknown }

// LeaderIsPreferred returns whether the preferred leader leads, and whether that
// is known.
func (p *Partition) LeaderIsPreferred() (is, known bool) {
	preferred, ok := p.Preferred()
	if !ok || !p.LeaderKnown() {
		return false, false
	}
	return p.State != StateAbsent && p.Leader == preferred, true
}

// InISR says whether the broker is in the recorded ISR.
func (p *Partition) InISR(broker int32) bool { return slices.Contains(p.ISR, broker) }

// MissingReplicas appends to dst the replicas that should be in sync and are not:
// the assignment without the ISR and without what a reassignment is adding
// (KIP-352). It is meaningful when the state is recorded.
func (p *Partition) MissingReplicas(dst []int32) []int32 {
	for _, r := range p.Replicas {
		if p.lacks(r) {
			dst = append(dst, r)
		}
	}
	return dst
}

func (p *Partition) lacks(replica int32) bool {
	return !p.InISR(replica) && !slices.Contains(p.Adding, replica)
}

// EffectiveMinISR is the size below which the ISR must not fall for writes with
// acks=all: min.insync.replicas, or the number of replicas where these are fewer
// (Partition.effectiveMinIsr). It is unknown when min.insync.replicas is, which is
// never 0.
func (p *Partition) EffectiveMinISR(minISR int) (n int, known bool) {
	return min(minISR, len(p.Replicas)), minISR > 0
}

// UnderReplicated returns whether a replica is missing from the ISR, and whether
// that is known.
func (p *Partition) UnderReplicated() (under, known bool) {
	if p.State != StateRecorded {
		return false, false
	}
	return slices.ContainsFunc(p.Replicas, p.lacks), true
}
