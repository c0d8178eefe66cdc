package cluster

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// KnownFor is how long a broker stays known after it last stood in an assignment
// or in the registry.
const KnownFor = 24 * time.Hour

// KnownBroker is what is remembered of a broker from one poll to the next, and,
// by the state file, over restarts.
type KnownBroker struct {
	ID                  int32     `json:"id"`
	Address             string    `json:"address,omitempty"`
	RegistrationVersion int       `json:"registration_version,omitempty"`
	Rack                string    `json:"rack,omitempty"`
	LastSeen            time.Time `json:"last_seen"`
}

// Known is the set of known brokers by id.
type Known map[int32]KnownBroker

// Sorted returns the known brokers by id, in a slice of its own.
func (k Known) Sorted() []KnownBroker {
	return slices.SortedFunc(maps.Values(k), func(a, b KnownBroker) int { return cmp.Compare(a.ID, b.ID) })
}

// Same says whether both hold the same brokers with the same addresses and racks,
// whenever these were last seen.
func (k Known) Same(o Known) bool {
	return maps.EqualFunc(k, o, func(a, b KnownBroker) bool {
		a.LastSeen, b.LastSeen = time.Time{}, time.Time{}
		return a == b
	})
}

// Remember returns the set of known brokers after a poll: those registered, with
// the address that address picks for them, those that stand in an assignment, and
// those that did within KnownFor. A part that was not read forgets nobody: while
// registry or assignment is unread, the set of the last good reading stands.
func (k Known) Remember(registrations Reading[map[int32]*Registration], picture Reading[*Picture], address func(*Registration) string, now time.Time) Known {
	next := maps.Clone(k)
	if next == nil {
		next = make(Known)
	}
	regs, regsRead := registrations.Get()
	for id, r := range regs {
		b := KnownBroker{ID: id, Address: address(r), RegistrationVersion: r.Version, Rack: r.Rack, LastSeen: now}
		next[id] = b
	}
	pic, picRead := picture.Get()
	if picRead {
		pic.eachReplica(func(id int32) {
			b := next[id]
			b.ID, b.LastSeen = id, now
			next[id] = b
		})
	}
	if regsRead && picRead {
		maps.DeleteFunc(next, func(_ int32, b KnownBroker) bool { return now.Sub(b.LastSeen) > KnownFor })
	}
	return next
}

// Told returns the set with the addresses of brokers that others told, and that it
// has none for: enough to ask them, and no proof that they belong to the cluster
// still.
func (k Known) Told(brokers map[int32]*Registration, address func(*Registration) string, now time.Time) Known {
	next := maps.Clone(k)
	if next == nil {
		next = make(Known)
	}
	for id, r := range brokers {
		if next[id].Address == "" {
			next[id] = KnownBroker{ID: id, Address: address(r), RegistrationVersion: r.Version, Rack: r.Rack, LastSeen: now}
		}
	}
	return next
}

func (p *Picture) eachReplica(f func(id int32)) {
	seen := make(map[int32]bool)
	for i := range p.Topics {
		for j := range p.Topics[i].Partitions {
			for _, id := range p.Topics[i].Partitions[j].Replicas {
				if !seen[id] {
					seen[id] = true
					f(id)
				}
			}
		}
	}
}
