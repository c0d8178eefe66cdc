package exporter

import (
	"cmp"
	"math"
	"slices"

	"github.com/evenkeel/evenkeel/cluster"
)

// groupLine is a group in a line, for the page and the report of a check.
type groupLine struct {
	Group         string              `json:"group"`
	Quiet         bool                `json:"quiet"`
	Status        cluster.GroupStatus `json:"status"`
	Reason        string              `json:"reason,omitempty"`
	Members       *int                `json:"members,omitempty"` // old consumers of the group included
	Idle          *int                `json:"idle_members,omitempty"`
	State         cluster.GroupState  `json:"state,omitempty"`
	Lag           *int64              `json:"lag,omitempty"`             // over all of its topics
	MaxLagSeconds *float64            `json:"max_lag_seconds,omitempty"` // age of the oldest message that is not committed
	Coordinator   int32               `json:"coordinator"`

	idles bool // it has committed nothing that it could be behind with
}

// groupLines returns a line for each group, the one that needs somebody's attention
// most first. Lags are those of the topics that are shown.
func groupLines(s *cluster.Snapshot, groups *cluster.Groups, shown func(topic string) bool) []groupLine {
	picture, _ := s.Picture.Get() // groups are read with the picture only
	old := map[string]int{}
	for _, g := range groups.Old {
		old[g.Name] = max(g.Members, 0)
	}
	lines := make([]groupLine, 0, len(groups.Groups))
	for i := range groups.Groups {
		g := &groups.Groups[i]
		b := backlogOf(g.Topics, picture, shown)
		l := groupLine{
			Group: g.Name, Quiet: g.Quiet, Status: cmp.Or(g.Verdict.Status, cluster.StatusUnknown), Reason: g.Verdict.Reason,
			Members: memberCount(g.Members), Idle: memberCount(g.Idle), State: g.State,
			Lag: b.lag, MaxLagSeconds: ageSeconds(g.Behind), Coordinator: g.Coordinator,
			idles: b.partitions == 0 && !g.Unread,
		}
		if l.Members != nil {
			l.Members = ptr(g.Members + old[g.Name]) // as the verdict counts them
		}
		lines = append(lines, l)
	}
	slices.SortFunc(lines, compareLines)
	return lines
}

// compareLines puts the worst verdict first, then the greatest age, then the greatest
// lag. What is unknown may be anything, so it stands before what is known.
func compareLines(a, b groupLine) int {
	return cmp.Or(
		cmp.Compare(a.section(), b.section()),
		cmp.Compare(slices.Index(cluster.GroupStatuses, a.Status), slices.Index(cluster.GroupStatuses, b.Status)),
		cmp.Compare(rank(&b, b.MaxLagSeconds), rank(&a, a.MaxLagSeconds)),
		cmp.Compare(rank(&b, b.Lag), rank(&a, a.Lag)),
		cmp.Compare(a.Group, b.Group),
	)
}

// section keeps quiet groups, of which nobody wants to be told, from taking the place
// of others that are not in order.
func (l *groupLine) section() int {
	switch {
	case l.Status == cluster.StatusOK:
		return 2
	case l.Quiet:
		return 1
	default:
		return 0
	}
}

// rank makes a number of the age or the lag of a group.
func rank[T int64 | float64](l *groupLine, value *T) float64 {
	switch {
	case value != nil:
		return float64(*value)
	case l.idles:
		return -1
	default:
		return math.Inf(1)
	}
}

// suspect says whether a group deserves a look: by its verdict, or, where too little
// was seen for one, because messages wait and nobody is there to consume them.
func (l *groupLine) suspect() bool {
	switch l.Status {
	case cluster.StatusStopped, cluster.StatusStalled, cluster.StatusBlocked, cluster.StatusAhead, cluster.StatusRewound:
		return true
	case cluster.StatusUnknown:
		return l.Members != nil && *l.Members == 0 && l.lags()
	default:
		return false
	}
}

// lags says whether messages are known to wait.
func (l *groupLine) lags() bool { return l.Lag != nil && *l.Lag > 0 }
