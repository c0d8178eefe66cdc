//go:build !race

package rebalance

import (
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/config"
)

// There is nothing in here for the race detector, which would take minutes.

// mutantSeeds is how many modelled clusters a mutant may pass unnoticed.
const mutantSeeds = 400

// TestMutants makes sure that the oracle would notice if a guard were missing or too
// weak: else TestModel would prove nothing about it.
func TestMutants(t *testing.T) {
	for _, g := range Guards {
		t.Run("without/"+string(g), func(t *testing.T) { caught(t, string(g), mutant{dropGuard: g}) })
	}
	for _, s := range Skips {
		t.Run("without/"+string(s), func(t *testing.T) { caught(t, string(s), mutant{dropSkip: s}) })
	}
	for name, weak := range weakened {
		t.Run("weak/"+name, func(t *testing.T) { caught(t, weak.says, mutant{weaken: weak.policy}) })
	}
}

// weakened are policies that ask for less than the oracle does, and what it then says.
var weakened = map[string]struct {
	says   string
	policy func(p *Policy)
}{
	"threshold":        {"below_threshold", func(p *Policy) { p.Threshold /= 2 }},
	"not_persistent":   {"not_persistent", func(p *Policy) { p.PersistFor /= 2 }},
	"unsettled":        {"unsettled", func(p *Policy) { p.Settle /= 2 }},
	"broker_left":      {"broker_left", func(p *Policy) { p.BrokerLeft /= 2 }},
	"cooldown":         {"cooldown", func(p *Policy) { p.Cooldown /= 2 }},
	"budget":           {"budget", func(p *Policy) { p.MaxRunsPerHour++ }},
	"flapping":         {"flapping", func(p *Policy) { p.MaxRegistrationsPerHour++ }},
	"slow_factor":      {"slow", func(p *Policy) { p.SlowProbe.Factor *= 40 }},
	"slow_at_least":    {"slow", func(p *Policy) { p.SlowProbe.AtLeast = time.Second }},
	"brokers_down":     {"brokers_down", func(p *Policy) { p.MaxBrokersDown = max(p.MaxBrokersDown, 0) + 1 }},
	"under_replicated": {"under_replicated", func(p *Policy) { p.MaxUnderReplicated = max(p.MaxUnderReplicated, 0) + 1 }},
	"reassigning":      {"reassigning", func(p *Policy) { p.MaxReassigning++ }},
	"ping_pong_times":  {"ping_pong", func(p *Policy) { p.PingPong.Times++ }},
	"ping_pong_within": {"ping_pong", func(p *Policy) { p.PingPong.Within /= 2 }},
	"windows":          {"outside_window", func(p *Policy) { p.Calendar = longer(p.Windows) }},
	"fresh":            {"", func(p *Policy) { p.Fresh *= 4 }},
	"brokers_excluded": {"broker_excluded", func(p *Policy) { p.ExcludeBrokers = nil }},
}

// longer is the calendar of the same windows, half as long again.
func longer(windows []config.Window) *Calendar {
	var all []config.Window
	for _, w := range windows {
		w.Duration += w.Duration / 2
		all = append(all, w)
	}
	c, err := NewCalendar(all)
	if err != nil {
		panic(err)
	}
	return c
}

// caught expects the oracle to find an election that is forbidden for this reason.
func caught(t *testing.T, reason string, wrong mutant) {
	t.Helper()
	t.Parallel()
	words := strings.NewReplacer(" ", "_", "ISR", "isr").Replace
	for seed := range uint64(mutantSeeds) {
		m := newModel(seed+1, wrong)
		m.play()
		if strings.HasPrefix(m.failure, forbidden) && strings.Contains(words(m.failure), words(reason)) {
			return
		}
	}
	t.Errorf("not noticed in %d modelled clusters", mutantSeeds)
}
