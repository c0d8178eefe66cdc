package cluster

import "time"

// windowSlots is how many observations, each an interval after the other, a verdict
// looks back on, the present one included: long enough that a pause of the consumer, a
// rebalance or a burst is not taken for a failure.
const windowSlots = 11

// leastMoves is from how many observations on a verdict can tell that a group keeps up.
const leastMoves = 3

// maxMarkers is how many records at the end of a log may be nothing but transaction
// markers. A transaction leaves one in each of its partitions, and those of
// transactions that ran side by side follow each other.
const maxMarkers = 10

// Point is what was seen of a group and a partition at once: the commit, and the ends
// of the log.
type Point struct {
	At                    time.Time
	Committed, Start, End int64
}

// Waiting is how many messages there are that the group has not committed yet.
// Messages that were deleted before it came to them do not wait any more.
func (p Point) Waiting() int64 { return max(p.End-max(p.Committed, p.Start), 0) }

// Window is what a verdict on a group and a partition stands on.
type Window struct {
	// Points were seen one interval after the other, but for polls that read no group at
	// all. The last of them is the present one.
	Points  []Point
	Members int    // of the group that may consume the topic; UnknownMembers when unknown
	Left    bool   // the group has members, and they consume other topics
	Stable  Offset // the last stable offset, where it was asked for
	// Markers: the cluster has transactions, so a log may hold their markers.
	Markers bool
}

func (w *Window) first() Point { return w.Points[0] }
func (w *Window) last() Point  { return w.Points[len(w.Points)-1] }

// full says whether the window is long enough to call something a failure.
func (w *Window) full() bool { return len(w.Points) >= windowSlots }

// moved says whether the commit was seen to change.
func (w *Window) moved() bool {
	for _, p := range w.Points[1:] {
		if p.Committed != w.first().Committed {
			return true
		}
	}
	return false
}

// rewound says whether the commit lies below where it was.
func (w *Window) rewound() bool {
	for _, p := range w.Points {
		if p.Committed > w.last().Committed {
			return true
		}
	}
	return false
}

// caughtUp says whether nothing waited at some time in the window.
func (w *Window) caughtUp() bool {
	for _, p := range w.Points {
		if p.Waiting() == 0 {
			return true
		}
	}
	return false
}

// onlyGrew says whether the lag never fell, and rose.
func (w *Window) onlyGrew() bool {
	for i, p := range w.Points[1:] {
		if p.Waiting() < w.Points[i].Waiting() {
			return false
		}
	}
	return w.last().Waiting() > w.first().Waiting()
}

// trend is by how much the lag rose from the first third of the window to the last:
// single points jump with the rhythm of the commits.
func (w *Window) trend() int64 {
	third := max(len(w.Points)/3, 1)
	var change int64
	for i := range third {
		change += w.Points[len(w.Points)-1-i].Waiting() - w.Points[i].Waiting()
	}
	return change / int64(third)
}

// held says whether an open transaction holds messages back.
func (w *Window) held() bool { return w.Stable.Known() && w.Stable.Int() < w.last().End }

// blocked says whether a transaction holds back all that there is to consume: the
// commit has reached the last stable offset, but for markers of earlier transactions.
func (w *Window) blocked() bool {
	return w.held() && w.Stable.Int()-w.last().Committed <= maxMarkers
}

// onlyMarkers says whether what waits may be nothing but transaction markers, which
// consumers pass over and some never commit: it is little, no transaction is known to
// be open, and neither the log nor the commit has moved since the observation before.
func (w *Window) onlyMarkers() bool {
	if !w.Markers || w.held() || w.last().Waiting() > maxMarkers {
		return false
	}
	n := len(w.Points)
	return n == 1 || w.Points[n-2].End == w.last().End && w.Points[n-2].Committed == w.last().Committed
}

// Judge says how a group gets on with a partition, as of now.
func (w *Window) Judge(now time.Time) GroupVerdict {
	r := w.judge()
	return GroupVerdict{Status: r.status, Reason: r.reason(w, now)}
}

// judge finds the rule that holds. They stand in the order in which they exclude each
// other: what cannot be denied first, then a commit that does not move, then one that
// does.
func (w *Window) judge() *rule {
	switch {
	case len(w.Points) == 0:
		return &ruleUnread
	case w.last().Committed > w.last().End:
		return &ruleAhead
	case w.last().Waiting() == 0:
		return &ruleNothingWaits
	case w.moved():
		return w.judgeMoving()
	default:
		return w.judgeStill()
	}
}

// judgeStill judges a commit that does not move while messages wait.
func (w *Window) judgeStill() *rule {
	switch {
	case w.onlyMarkers():
		return &ruleMarkers
	case w.caughtUp():
		return &ruleCaughtUp
	case !w.full():
		return &ruleTooShort
	case w.blocked():
		return &ruleBlocked
	case w.Members == UnknownMembers:
		return &ruleUnknownMembers
	case w.Members == 0:
		return &ruleStopped
	default:
		return &ruleStalled
	}
}

// judgeMoving judges a commit that moves.
func (w *Window) judgeMoving() *rule {
	keepsUp := w.last().Committed >= w.first().End
	switch {
	case w.rewound():
		return &ruleRewound
	case w.caughtUp(), !w.full() && keepsUp && len(w.Points) >= leastMoves:
		return &ruleKeepsUp
	case !w.full():
		return &ruleTooShort
	case w.onlyGrew(), !keepsUp && w.trend() >= 0:
		return &ruleSlow
	case !keepsUp:
		return &ruleCatchingUp
	default:
		return &ruleKeepsUp
	}
}
