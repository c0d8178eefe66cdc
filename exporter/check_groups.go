package exporter

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/evenkeel/evenkeel/cluster"
)

const (
	// mostLooks is how many groups a report names: it is to be read in ten seconds.
	mostLooks = 6
	// mostSuspects is how many of these may be groups that nobody seems to consume for,
	// while others with members are behind: abandoned groups are many on old clusters.
	mostSuspects = 4
)

// checkCluster is a cluster in the report of a check, with a look at its groups in the
// place of all of them.
type checkCluster struct {
	apiCluster
	Groups checkGroups `json:"groups"`
	Runs   *checkRuns  `json:"rebalance,omitempty"` // where there is a state file
}

// checkGroups is what a check says of the consumer groups of a cluster.
type checkGroups struct {
	Error        string      `json:"error,omitempty"` // why nothing is known of them
	*groupCounts             // nil then
	Missing      []string    `json:"not_read,omitempty"` // what could not be read, in sentences
	Look         []groupLine `json:"look,omitempty"`     // what deserves one, most of all first
	More         int         `json:"more,omitempty"`     // that deserve one and are not among Look
}

type groupCounts struct {
	Total          int  `json:"total"`
	WithMembers    int  `json:"with_members"`
	MembersUnknown int  `json:"members_unknown"`
	LagUnknown     int  `json:"lag_unknown"`
	Quiet          int  `json:"quiet"`         // left out of what deserves a look
	Old            *int `json:"old,omitempty"` // groups of old consumers, with offsets in ZooKeeper; nil when not read
}

// groupsForCheck looks at the groups of a snapshot, by the topics that are shown.
func groupsForCheck(s *cluster.Snapshot, shown func(topic string) bool) checkGroups {
	groups, ok := s.Groups.Get()
	if !ok {
		return checkGroups{Error: s.Groups.Err().Error()}
	}
	lines := groupLines(s, groups, shown)
	c := checkGroups{groupCounts: countGroups(lines), Missing: missingGroups(s, groups)}
	if old := len(oldLines(s, groups, shown)); !groups.OldUnread {
		c.Old = &old
	}
	var suspects, behind []groupLine
	for _, l := range lines {
		switch {
		case l.Quiet:
		case l.suspect():
			suspects = append(suspects, l)
		case l.lags():
			behind = append(behind, l)
		}
	}
	slices.SortStableFunc(behind, func(a, b groupLine) int { return cmp.Compare(*b.Lag, *a.Lag) })
	c.Look = pick(suspects, behind)
	c.More = len(suspects) + len(behind) - len(c.Look)
	return c
}

// pick takes the first of the suspects and of those that are behind: room that one
// does not need is the other's.
func pick(suspects, behind []groupLine) []groupLine {
	n := min(len(suspects), max(mostSuspects, mostLooks-len(behind)))
	n = min(n, mostLooks)
	return slices.Concat(suspects[:n], behind[:min(len(behind), mostLooks-n)])
}

func countGroups(lines []groupLine) *groupCounts {
	c := &groupCounts{Total: len(lines)}
	for i := range lines {
		l := &lines[i]
		switch {
		case l.Members == nil:
			c.MembersUnknown++
		case *l.Members > 0:
			c.WithMembers++
		}
		if l.Lag == nil && !l.idles {
			c.LagUnknown++
		}
		if l.Quiet {
			c.Quiet++
		}
	}
	return c
}

// report returns the lines that a person reads.
func (c *checkGroups) report() []string {
	if c.groupCounts == nil {
		return []string{"groups unknown: " + c.Error}
	}
	old := 0
	if c.Old != nil {
		old = *c.Old
	}
	head := fmt.Sprintf("groups %d, with members %d", c.Total, c.WithMembers)
	for _, part := range []struct {
		n    int
		text string
	}{
		{c.MembersUnknown, "members of %d unknown"}, {c.LagUnknown, "lag of %d unknown"},
		{c.Quiet, "quiet %d"}, {old, "of old consumers, in ZooKeeper, %d"},
	} {
		if part.n > 0 {
			head += ", " + fmt.Sprintf(part.text, part.n)
		}
	}
	lines := []string{head}
	for _, text := range c.Missing {
		lines = append(lines, "  "+text)
	}
	lines = append(lines, table(c.Look)...)
	if c.More > 0 {
		lines = append(lines, fmt.Sprintf("  %d more lag or deserve a look", c.More))
	}
	return lines
}

// table puts groups into columns.
func table(groups []groupLine) []string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, l := range groups {
		fmt.Fprintf(w, "  %s\t%s\tlag %s\tbehind %s\tmembers %s\n", printable(l.Group), l.Status, unknown(l.Lag), age(l.MaxLagSeconds), unknown(l.Members))
	}
	_ = w.Flush() // a strings.Builder takes everything
	lines := strings.Split(b.String(), "\n")
	return lines[:len(lines)-1]
}

// printable returns a name as it is, or quoted where it has what a terminal might take
// for a command: Kafka takes anything for the name of a group.
func printable(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return !strconv.IsPrint(r) }) || !utf8.ValidString(name) {
		return strconv.Quote(name)
	}
	return name
}
