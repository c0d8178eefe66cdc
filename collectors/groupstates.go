package collectors

import (
	"maps"
	"slices"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/metrics"
)

// emitGroupStates tells what there is one of for each group, or a few.
func emitGroupStates(v *View, w *metrics.Writer, groups []cluster.Group) {
	each := func(f *metrics.Family, emit func(g *cluster.Group)) {
		w.Begin(f)
		for i := range groups {
			emit(&groups[i])
		}
	}
	each(groupMembers, func(g *cluster.Group) {
		if g.Members != cluster.UnknownMembers {
			w.Int(int64(g.Members), g.Name)
		}
	})
	each(groupIdle, func(g *cluster.Group) {
		if g.Idle != cluster.UnknownMembers {
			w.Int(int64(g.Idle), g.Name)
		}
	})
	each(groupCoordinator, func(g *cluster.Group) { w.Int(int64(g.Coordinator), g.Name) })
	each(groupState, func(g *cluster.Group) {
		if g.State == cluster.GroupStateUnknown {
			return
		}
		for _, s := range cluster.GroupStates {
			w.Bool(g.State == s, g.Name, string(s))
		}
	})
	each(groupStatus, func(g *cluster.Group) {
		for _, s := range cluster.GroupStatuses {
			w.Bool(g.Verdict.Status == s, g.Name, string(s))
		}
	})
	each(groupChanged, func(g *cluster.Group) {
		if !g.Committed.IsZero() {
			w.Float(seconds(g.Committed), g.Name)
		}
	})
	each(groupObjective, func(g *cluster.Group) {
		if o, promised := v.Show.Objective(g.Name); promised {
			w.Float(o.MaxLag.Seconds(), g.Name, string(o.Severity))
		}
	})
	each(groupMaxAge, func(g *cluster.Group) {
		if g.Behind.Known() {
			w.Float(g.Behind.Duration().Seconds(), g.Name)
		}
	})
	each(groupLost, func(g *cluster.Group) {
		for _, topic := range slices.Sorted(maps.Keys(g.Lost)) {
			w.Int(int64(g.Lost[topic]), g.Name, topic)
		}
	})
}
