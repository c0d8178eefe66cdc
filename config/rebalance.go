package config

import "time"

// Auto in a limit on the state of a cluster, leaves the number to evenkeel.
const Auto = -1

// Rebalance says when preferred leaders are elected, and how gently.
type Rebalance struct {
	Mode Mode
	// Threshold is the share of a broker's preferred partitions, from 0 up to
	// but not including 1, above which their absence counts as an imbalance.
	Threshold float64
	// PersistFor is how long an imbalance has to last before a run starts.
	PersistFor time.Duration
	// Settle is how long a broker has to be registered without a break.
	Settle time.Duration
	// MaxRegistrationsPerHour is the most that a broker may register before it
	// counts as flapping.
	MaxRegistrationsPerHour int
	SlowProbe               SlowProbe
	// BrokerLeft is how long a broker may be gone before it holds back runs no longer.
	BrokerLeft time.Duration
	// Cooldown is the pause between two runs.
	Cooldown       time.Duration
	MaxRunsPerHour int
	// BatchSize is the most partitions in one election request.
	BatchSize              int
	BatchPause             time.Duration
	MaxPartitionsPerMinute int
	// MaxBrokersDown and MaxUnderReplicated may be Auto.
	MaxBrokersDown     int
	MaxUnderReplicated int
	MaxReassigning     int
	PingPong           PingPong
	// Windows are the times at which a run may start; none: always.
	Windows []Window
	Topics  Filter
	// ExcludeBrokers are the ids of brokers that are not given leadership.
	ExcludeBrokers []int
	// LockPath is the znode under which evenkeel keeps its lock and pause.
	LockPath string
}

// Mode says what a rebalancer may do.
type Mode string

// The values of Mode: do nothing, say what would be done, do it.
const (
	ModeOff    Mode = "off"
	ModeDryRun Mode = "dry_run"
	ModeAuto   Mode = "auto"
)

// SlowProbe calls a broker slow when its probe takes Factor times as long as
// usual, and at least AtLeast.
type SlowProbe struct {
	Factor  float64
	AtLeast time.Duration
}

// PingPong calls it ping-pong when a broker loses what runs gave it Times times
// Within one span.
type PingPong struct {
	Within time.Duration
	Times  int
}

// Window is a span of time that opens when Cron says so, in TimeZone (an IANA name).
type Window struct {
	Cron     string
	Duration time.Duration
	TimeZone string
}
