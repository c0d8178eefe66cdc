package rebalance

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// The guards that ask not how the cluster is, but when and by whom a run may be made.

func (c *situation) unauthorized() string {
	if c.m.Refused != "" {
		return "the cluster refused the last election to this user: " + c.m.Refused
	}
	if c.s == nil {
		return ""
	}
	if allowed, told := c.s.Permissions[cluster.Permission{Resource: "cluster", Operation: "alter"}]; told && !allowed {
		return "this user may not elect: it lacks the permission ALTER on the cluster"
	}
	return ""
}

func (c *situation) outsideWindow() string {
	open, next := c.p.Calendar.Open(c.now)
	switch {
	case open:
		return ""
	case next.IsZero():
		return "no window is open, and none will be"
	default:
		return fmt.Sprintf("no window is open; the next one opens in %s, at %s", span(next.Sub(c.now)), next.Format(time.RFC3339))
	}
}

// cooldown counts from the end of the last run. One that ended in the future, by a clock
// that was set back since, ended just now.
func (c *situation) cooldown() string {
	runs := c.m.Kept.Runs
	if len(runs) == 0 {
		return ""
	}
	ago := time.Duration(1<<63 - 1)
	for _, r := range runs {
		ago = min(ago, max(c.now.Sub(r.Ended), 0))
	}
	if ago >= c.p.Cooldown {
		return ""
	}
	return fmt.Sprintf("the last run ended %s ago, less than %s", span(ago), span(c.p.Cooldown))
}

func (c *situation) budget() string {
	n := 0
	for _, r := range c.m.Kept.Runs {
		if c.now.Sub(r.Started) < budgetSpan {
			n++
		}
	}
	if n < c.p.MaxRunsPerHour {
		return ""
	}
	return fmt.Sprintf("%d runs were started in the last hour; allowed: %d", n, c.p.MaxRunsPerHour)
}

func (c *situation) pingPong() string {
	var ids []int32
	for id := range c.m.Kept.PingPong {
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return ""
	}
	slices.Sort(ids)
	return fmt.Sprintf("runs gave leadership back that was lost again, %d times within %s, by broker %s; a person has to resume",
		c.p.PingPong.Times, span(c.p.PingPong.Within), list(ids))
}

func (c *situation) notLeader() string {
	if c.m.NotLeader == "" {
		return ""
	}
	return "another evenkeel decides: " + c.m.NotLeader
}

func (c *situation) paused() string {
	if c.m.Kept.Paused == nil {
		return ""
	}
	return fmt.Sprintf("a person paused it %s ago", span(max(c.now.Sub(c.m.Kept.Paused.Since), 0)))
}

// span is a duration as people write it: 10m, 2h30m, 45s.
func span(d time.Duration) string {
	d = d.Round(time.Millisecond)
	if d >= time.Second {
		d = d.Round(time.Second)
	}
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

func percent(ratio float64) string {
	return strconv.FormatFloat(100*ratio, 'g', 3, 64) + " %"
}

// list names brokers, the first ten of them.
func list(ids []int32) string {
	const most = 10
	var names []string
	for _, id := range ids[:min(len(ids), most)] {
		names = append(names, strconv.Itoa(int(id)))
	}
	if more := len(ids) - most; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}
