package config

import (
	"regexp"
	"time"
)

// Groups says which consumer groups are reported, how, and what is promised
// for them.
type Groups struct {
	Filter
	PerPartition bool
	// Watch names groups to follow on releases that cannot list them.
	Watch []string
	// DiscoverFromOffsetsTopic learns such names from the keys of __consumer_offsets.
	DiscoverFromOffsetsTopic bool
	Objectives               []Objective
	// Quiet matches, unanchored, the groups that are measured but never alerted
	// on; nil matches none.
	Quiet *regexp.Regexp
}

// Objective is the lag in time that is promised for some groups, and how loudly
// to say when it is broken.
type Objective struct {
	// Match matches the names of the groups, unanchored; nil matches every name.
	Match    *regexp.Regexp
	MaxLag   time.Duration
	Severity Severity
}

// Severity is how loudly to say that an objective is broken.
type Severity string

// The severities.
const (
	SeverityWarning  Severity = "warning"
	SeverityCritical Severity = "critical"
)

// defaultObjective is what is promised for a group for which nothing else is.
var defaultObjective = Objective{MaxLag: 15 * time.Minute, Severity: SeverityWarning}

// Objective returns what is promised for a group: the first whose pattern matches. A
// quiet group has none.
func (g Groups) Objective(group string) (o Objective, ok bool) {
	if g.IsQuiet(group) {
		return Objective{}, false
	}
	for _, o := range g.Objectives {
		if o.Match == nil || o.Match.MatchString(group) {
			return o, true
		}
	}
	return defaultObjective, true
}

// IsQuiet says whether a group is measured and never alerted on.
func (g Groups) IsQuiet(group string) bool { return g.Quiet != nil && g.Quiet.MatchString(group) }
