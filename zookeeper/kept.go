package zookeeper

import (
	"slices"
	"sync"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

const (
	// maxKept is how many states are kept. The watch of each costs the server that we are
	// connected to 260 bytes (measured on 3.4.6).
	maxKept = 50_000
	// keepFor is the time after which all are read again, whatever the server told. It
	// bounds what a fault in a server's watches can do.
	keepFor = 5 * time.Minute
)

// keptStates are the states of partitions that need not be read again, because they
// are watched and their watches have not fired.
//
// Why what is kept is what a reading would find: an entry is made before the state is
// asked for, which makes the request arm the watch. A notice for its path removes it,
// and the end of the connection removes all. Only an entry that was there all the
// time is filled with the answer, so its watch is armed on the connection that there
// is now. A server sends notices and answers in the order in which things happened,
// and they are taken in that order. So when any answer has come, of that connection,
// and the entry is still there, the state is as it was when the server gave that
// answer. The list of topics, read before the first state is wanted, is such an
// answer; where a connection was lost since, there is no entry.
//
// What has no state, or one that makes no sense, is not kept.
type keptStates struct {
	mu     sync.Mutex
	states map[string]*keptState // by full path
	since  time.Time             // the first one
}

type keptState struct {
	path                   string
	read                   bool // the rest is known
	leader, epoch, version int32
	isr                    []int32
}

// find fills in a state that is kept. Otherwise the caller reads it, and settles the
// entry that is returned, which is nil when it is not to be kept.
func (k *keptStates) find(path string, p *cluster.Partition) (entry *keptState, found bool) {
	if k == nil {
		return nil, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	switch entry = k.states[path]; {
	case entry == nil && len(k.states) < maxKept:
		if k.states == nil {
			k.states, k.since = make(map[string]*keptState), time.Now()
		}
		entry = &keptState{path: path}
		k.states[path] = entry
		return entry, false
	case entry == nil || !entry.read: // somebody else is reading it
		return nil, false
	}
	p.State, p.Leader, p.LeaderEpoch, p.Version = cluster.StateRecorded, entry.leader, entry.epoch, entry.version
	p.ISR = slices.Clone(entry.isr) // what is read belongs to the caller
	return nil, true
}

// settle keeps a state that was read, and removes the entry of one that was not.
func (k *keptStates) settle(entry *keptState, p *cluster.Partition) {
	if entry == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.states[entry.path] != entry: // it changed, or the connection was lost
	case p.State != cluster.StateRecorded:
		delete(k.states, entry.path)
	default:
		entry.read = true
		entry.leader, entry.epoch, entry.version = p.Leader, p.LeaderEpoch, p.Version
		entry.isr = slices.Clone(p.ISR)
	}
}

// wanted says whether a path is a state's that is being read to be kept.
func (k *keptStates) wanted(path []byte) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	entry := k.states[string(path)]
	return entry != nil && !entry.read
}

// fired removes the state of which a notice came.
func (k *keptStates) fired(path string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.states, path)
}

// lost removes all: their watches went with the connection.
func (k *keptStates) lost() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.states = nil
}

// expire removes all when the first was kept long ago.
func (k *keptStates) expire(after time.Duration) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if time.Since(k.since) > after {
		k.states = nil
	}
}
