package exporter

import (
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/chronicle"
	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/rebalance"
)

// story tells what became of a broker that was lost, in a sentence.
func (c *pageCluster) story(s *cluster.Snapshot, o chronicle.Outage, now time.Time) string {
	z := s.Summary
	if z == nil || !z.StatesKnown {
		return told(o, now) + "."
	}
	load := z.Load(o.Broker)
	text := told(o, now)
	if !o.Back.IsZero() && o.Whole.IsZero() && load.OutOfSync > 0 {
		text += fmt.Sprintf(", %d of its %s not in sync yet", load.OutOfSync, plural(load.Replicas, "replica"))
	}
	if load.NotLeading > 0 {
		text += fmt.Sprintf("; %s led elsewhere", plural(load.NotLeading, "partition"))
		if !o.Whole.IsZero() && c.Runs != nil {
			text += "; " + c.Runs.outlook(now)
		}
	}
	return text + "."
}

// told tells the times of an outage.
func told(o chronicle.Outage, now time.Time) string {
	text := fmt.Sprintf("Broker %d", o.Broker)
	day := func(t time.Time) string { return dated(t, now) }
	switch {
	case o.Lost.IsZero():
		text += " registered anew " + day(o.Back)
	case o.Since:
		text += " lost before " + day(o.Lost)
	default:
		text += " lost " + day(o.Lost)
	}
	if !o.Lost.IsZero() && !o.Back.IsZero() {
		text += ", back " + day(o.Back)
	}
	if !o.Whole.IsZero() {
		text += ", in the ISR again " + day(o.Whole)
	}
	return text
}

// outlook says whether and when an election gives leadership back.
func (p *pageRuns) outlook(now time.Time) string {
	d := p.decision
	earliest, known := d.Earliest()
	soon := func() string {
		if !known || !earliest.After(now) {
			return "with the next poll"
		}
		wait := earliest.Sub(now).Seconds()
		return "in " + age(&wait)
	}
	switch {
	case p.Running:
		return "an election is under way"
	case p.Candidates == nil:
		return "whether they are given back is not known"
	case p.Mode == string(config.ModeOff) && yes(p.KafkaElects):
		return "the brokers elect by themselves where the imbalance is above their own threshold"
	case p.Mode == string(config.ModeOff):
		return "evenkeel elect gives them back"
	case len(d.Blocked) > 0 && !known:
		return "no election: " + firstUntimed(d.Blocked)
	case p.Mode == string(config.ModeDryRun):
		return "an election would follow " + soon() + " (mode dry_run)"
	default:
		return "election " + soon() + " unless paused"
	}
}

// firstUntimed returns the first reason that does not pass by itself.
func firstUntimed(blocked []rebalance.Block) string {
	for _, b := range blocked {
		if b.Until.IsZero() {
			return b.Why
		}
	}
	return ""
}
