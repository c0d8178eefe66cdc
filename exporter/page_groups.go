package exporter

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// shownGroups is how many groups a table of the page shows.
const shownGroups = 20

// pageGroups is what the page shows of the consumer groups of a cluster.
type pageGroups struct {
	Known   bool // false: the groups could not be read at all
	Total   int
	Lines   []groupLine // the worst first
	More    string      // what is not among the Lines
	Missing []string    // what could not be read, in sentences
	Old     []oldLine
	MoreOld int // that are not among Old
}

// oldLine is a group of old consumers with offsets in ZooKeeper.
type oldLine struct {
	Group   string
	Members *int
	Lag     *int64
}

// groupsForPage looks at the groups of a snapshot, by the topics that are shown.
func groupsForPage(s *cluster.Snapshot, shown func(topic string) bool) pageGroups {
	groups, ok := s.Groups.Get()
	if !ok {
		return pageGroups{}
	}
	p := pageGroups{Known: true, Total: len(groups.Groups), Lines: groupLines(s, groups, shown), Missing: missingGroups(s, groups)}
	if len(p.Lines) > shownGroups {
		p.More = leftOut(p.Lines[shownGroups:])
		p.Lines = p.Lines[:shownGroups]
	}
	p.Old = oldLines(s, groups, shown)
	if len(p.Old) > shownGroups {
		p.MoreOld = len(p.Old) - shownGroups
		p.Old = p.Old[:shownGroups]
	}
	return p
}

// leftOut counts the groups that are not shown by their verdicts, the worst first.
func leftOut(lines []groupLine) string {
	counts := map[cluster.GroupStatus]int{}
	for i := range lines {
		counts[lines[i].Status]++
	}
	var parts []string
	for _, status := range cluster.GroupStatuses {
		if n := counts[status]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, status))
		}
	}
	return fmt.Sprintf("%d more are not shown: %s.", len(lines), strings.Join(parts, ", "))
}

// missingGroups says in sentences of which groups nothing is known, or not all.
func missingGroups(s *cluster.Snapshot, groups *cluster.Groups) []string {
	var missing []string
	if faults := s.Outcomes[cluster.SourceGroups].Faults; len(faults) > 0 {
		text := "Not all could be read: " + faults[0].Target
		if faults[0].Err != nil {
			text += ": " + faults[0].Err.Error()
		}
		if len(faults) > 1 {
			text += fmt.Sprintf(" (and %d more)", len(faults)-1)
		}
		missing = append(missing, text+".")
	}
	unread := 0
	for i := range groups.Groups {
		if groups.Groups[i].Unread {
			unread++
		}
	}
	if unread > 0 {
		missing = append(missing, fmt.Sprintf("Groups whose commits could not be read: %d.", unread))
	}
	if groups.Limited {
		missing = append(missing, "There are more groups without members than this release is asked for.")
	}
	if groups.OldUnread {
		missing = append(missing, "Groups of old consumers, which stand in ZooKeeper, could not be read.")
	}
	if groups.OldLimited {
		missing = append(missing, "There are more groups of old consumers in ZooKeeper than are read; leave out dead ones by groups.exclude, or delete them.")
	}
	return missing
}

// oldLines returns the groups that have offsets in ZooKeeper, lags that are unknown
// first and then the greatest.
func oldLines(s *cluster.Snapshot, groups *cluster.Groups, shown func(topic string) bool) []oldLine {
	picture, _ := s.Picture.Get()
	var lines []oldLine
	for i := range groups.Old {
		g := &groups.Old[i]
		if len(g.Topics) > 0 {
			lines = append(lines, oldLine{g.Name, memberCount(g.Members), backlogOf(g.Topics, picture, shown).lag})
		}
	}
	rank := func(l oldLine) int64 {
		if l.Lag == nil {
			return math.MaxInt64
		}
		return *l.Lag
	}
	slices.SortFunc(lines, func(a, b oldLine) int {
		return cmp.Or(cmp.Compare(rank(b), rank(a)), cmp.Compare(a.Group, b.Group))
	})
	return lines
}

// mark is how the page marks the verdict on a group.
func mark(l groupLine) string {
	switch {
	case l.Status == cluster.StatusOK:
		return "good"
	case l.Quiet, l.Status == cluster.StatusUnknown:
		return "grey"
	case l.Status == cluster.StatusSlow, l.Status == cluster.StatusCatchingUp:
		return "warn"
	default:
		return "bad"
	}
}

// members prints how many members a group has, and how many of them idle.
func members(all, idle *int) string {
	switch {
	case all == nil || *all == 0:
		return unknown(all)
	case idle == nil:
		return fmt.Sprintf("%d (idle: unknown)", *all)
	case *idle > 0:
		return fmt.Sprintf("%d (%d idle)", *all, *idle)
	default:
		return unknown(all)
	}
}

// age prints an age in the two greatest of its units.
func age(seconds *float64) string {
	if seconds == nil {
		return "unknown"
	}
	d := time.Duration(*seconds * float64(time.Second))
	s, m, h, days := int(d/time.Second)%60, int(d/time.Minute)%60, int(d/time.Hour)%24, int(d/(24*time.Hour))
	switch {
	case days > 0:
		return fmt.Sprintf("%d d %d h", days, h)
	case h > 0:
		return fmt.Sprintf("%d h %d min", h, m)
	case m > 0:
		return fmt.Sprintf("%d min %d s", m, s)
	case s > 0 || d == 0:
		return fmt.Sprintf("%d s", s)
	default:
		return "< 1 s"
	}
}
