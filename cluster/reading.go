package cluster

import (
	"errors"
	"time"
)

// errNotRead is what a Reading that nobody filled says of itself.
var errNotRead = errors.New("not read in this poll")

// Reading is a part of the picture that is there as a whole or not at all. Its
// zero value is a part that was not read, so a forgotten part is never mistaken
// for an empty one.
type Reading[T any] struct {
	value T
	err   error
	ok    bool
}

// Read returns a reading that succeeded. The value belongs to the snapshot from
// now on and must not be changed.
func Read[T any](value T) Reading[T] { return Reading[T]{value: value, ok: true} }

// Failed returns a reading that did not succeed, with the reason.
func Failed[T any](err error) Reading[T] {
	if err == nil {
		err = errNotRead
	}
	return Reading[T]{err: err}
}

// Get returns what was read, and whether it was. The value is shared: do not
// change it.
func (r Reading[T]) Get() (T, bool) { return r.value, r.ok }

// OK says whether the part was read.
func (r Reading[T]) OK() bool { return r.ok }

// Err returns why the part is missing, nil when it is there.
func (r Reading[T]) Err() error {
	if r.ok {
		return nil
	}
	if r.err == nil {
		return errNotRead
	}
	return r.err
}

// Source names something that a poll reads. Collectors stand on sources: when
// one fails for the whole cluster, so do the collectors that stand on it.
type Source string

// The sources of a poll, in the order in which they are read.
const (
	SourceEnsemble   Source = "ensemble"   // the ZooKeeper servers' own words
	SourceRegistry   Source = "registry"   // registered brokers and the controller, in ZooKeeper
	SourceProbes     Source = "probes"     // every known broker, asked by us
	SourcePartitions Source = "partitions" // assignment, leader and ISR
	SourceGroups     Source = "groups"     // consumer groups and what they committed
	SourceOffsets    Source = "offsets"    // starts and ends of logs
	SourceQuorum     Source = "quorum"     // the controllers of a KRaft cluster
	SourceConfigs    Source = "configs"    // min.insync.replicas of the topics
)

// Sources lists every source, in that order.
var Sources = []Source{SourceEnsemble, SourceRegistry, SourceProbes, SourcePartitions, SourceGroups, SourceOffsets, SourceQuorum, SourceConfigs}

// Outcome says how the reading of a source went.
type Outcome struct {
	Started  time.Time
	Finished time.Time
	Err      error   // set when the source failed for the whole cluster
	Faults   []Fault // single targets that failed, in no particular order
}

// Fault is the failure of one target (a broker, a server, an address) in a poll.
type Fault struct {
	Target string // as a person would look for it: "broker 3 at k3:9092"
	Reason string // one of the Reason constants or a status; a metric label
	Err    error
}

// Reasons of faults beside the states of BrokerStatus and ServerStatus.
const (
	ReasonPermission = "permission"
	ReasonPanic      = "panic"
	ReasonAbandoned  = "abandoned" // a call that did not come back by its deadline still runs
)

// ErrDepends is why a source was not read when another one that it stands on was
// not there. It is no trouble of its own.
var ErrDepends = errors.New("it stands on a part that could not be read")
