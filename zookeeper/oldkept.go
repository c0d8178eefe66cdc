package zookeeper

import (
	"slices"
	"sync"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// keepOld is for how long the offsets of a group without members are taken to be what
// they were: nobody but such a group's members, or a person, writes them.
const keepOld = 2 * time.Minute

// keptGroups remembers the groups of old consumers that had no members, which are read
// again at a slow pace only: clusters that once had old consumers keep hundreds of them
// for ever. Its zero value is ready.
type keptGroups struct {
	mu     sync.Mutex
	groups map[string]keptGroup
}

type keptGroup struct {
	group cluster.OldGroup // shared with nobody
	read  time.Time
}

// get returns a group as it was read a short time ago.
func (k *keptGroups) get(name string, now time.Time) (g cluster.OldGroup, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	kept, ok := k.groups[name]
	if !ok || now.Sub(kept.read) >= keepOld {
		return g, false
	}
	return cloneOld(kept.group), true
}

// replace remembers these groups, and those that are kept for longer.
func (k *keptGroups) replace(groups []cluster.OldGroup, read func(i int) bool, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	before := k.groups
	k.groups = make(map[string]keptGroup, len(groups))
	for i := range groups {
		g := &groups[i]
		kept, was := before[g.Name]
		switch {
		case g.Members != 0:
		case read(i):
			k.groups[g.Name] = keptGroup{group: cloneOld(*g), read: now}
		case was:
			k.groups[g.Name] = kept
		}
	}
}

func cloneOld(g cluster.OldGroup) cluster.OldGroup {
	g.Subscribed = slices.Clone(g.Subscribed)
	g.Topics = slices.Clone(g.Topics)
	for i := range g.Topics {
		g.Topics[i].Commits = slices.Clone(g.Topics[i].Commits)
	}
	return g
}
