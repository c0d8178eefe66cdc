package cluster

import (
	"fmt"
	"slices"
	"time"
)

// rule is one way in which a group can get on with a partition. Its reason is only put
// into words where it is told: there are many thousand partitions.
type rule struct {
	status GroupStatus
	rank   int // of its status, 0 for the worst
	reason func(w *Window, now time.Time) string
}

func ruleOf(status GroupStatus, reason func(w *Window, now time.Time) string) rule {
	return rule{status: status, rank: slices.Index(GroupStatuses, status), reason: reason}
}

// always is a reason without numbers.
func always(text string) func(*Window, time.Time) string {
	return func(*Window, time.Time) string { return text }
}

// watched is how long the window is.
func (w *Window) watched(now time.Time) time.Duration {
	return now.Sub(w.first().At).Round(time.Second)
}

var (
	ruleUnread = ruleOf(StatusUnknown, always("its commit or the ends of the log could not be read"))
	ruleAhead  = ruleOf(StatusAhead, func(w *Window, _ time.Time) string {
		p := w.last()
		return fmt.Sprintf("its commit %d lies %d beyond the end of the log: messages were lost, the topic was created anew, or the commit was copied from elsewhere", p.Committed, p.Committed-p.End)
	})
	ruleNothingWaits = ruleOf(StatusOK, always("nothing waits"))

	ruleMarkers = ruleOf(StatusUnknown, func(w *Window, _ time.Time) string {
		return fmt.Sprintf("the last %d records, which it has not committed, may be transaction markers, which no consumer has to", w.last().Waiting())
	})
	ruleCaughtUp = ruleOf(StatusOK, func(w *Window, now time.Time) string {
		return fmt.Sprintf("it had caught up %s ago at most", w.watched(now))
	})
	ruleTooShort = ruleOf(StatusUnknown, func(w *Window, now time.Time) string {
		return fmt.Sprintf("%d messages wait, and it has been watched for %s only", w.last().Waiting(), w.watched(now))
	})
	ruleBlocked = ruleOf(StatusBlocked, func(w *Window, _ time.Time) string {
		return fmt.Sprintf("it has consumed all that can be read; an open transaction holds back %d messages, from offset %d on", w.last().End-w.Stable.Int(), w.Stable.Int())
	})
	ruleUnknownMembers = ruleOf(StatusUnknown, func(w *Window, now time.Time) string {
		return fmt.Sprintf("nothing was committed for %s while %d messages wait, and its members are not known", w.watched(now), w.last().Waiting())
	})
	ruleStopped = ruleOf(StatusStopped, func(w *Window, now time.Time) string {
		who := "it has no members"
		if w.Left {
			who = "its members do not consume this topic"
		}
		return fmt.Sprintf("%s, and nothing was committed for %s while %d messages wait", who, w.watched(now), w.last().Waiting())
	})
	ruleStalled = ruleOf(StatusStalled, func(w *Window, now time.Time) string {
		return fmt.Sprintf("its members committed nothing new for %s while %d messages wait", w.watched(now), w.last().Waiting())
	})

	ruleRewound = ruleOf(StatusRewound, func(w *Window, _ time.Time) string {
		return fmt.Sprintf("its commit went back, to %d, and %d messages wait", w.last().Committed, w.last().Waiting())
	})
	ruleKeepsUp = ruleOf(StatusOK, always("it keeps up"))
	ruleSlow    = ruleOf(StatusSlow, func(w *Window, _ time.Time) string {
		return fmt.Sprintf("it commits, and gets no closer: %d messages wait, and %d at first", w.last().Waiting(), w.first().Waiting())
	})
	ruleCatchingUp = ruleOf(StatusCatchingUp, func(w *Window, _ time.Time) string {
		return fmt.Sprintf("it gets closer: %d messages wait, of %d at first", w.last().Waiting(), w.first().Waiting())
	})
)
