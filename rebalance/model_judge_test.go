package rebalance

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

func (o *oracle) partition(c Candidate) (*modelTopic, *modelPartition) {
	for _, t := range o.w.topics {
		if t.name == c.Topic && int(c.Partition) < len(t.partitions) {
			return t, t.partitions[c.Partition]
		}
	}
	return nil, nil
}

func (o *oracle) judgeCandidate(a *attempt, c Candidate) string {
	t, p := o.partition(c)
	if p == nil {
		return "it does not exist"
	}
	b := o.w.brokers[c.Preferred]
	switch {
	case p.replicas[0] != c.Preferred || p.leader == c.Preferred:
		return "not misplaced"
	case t.deleting:
		return "being deleted"
	case p.reassigning:
		return "being reassigned"
	case !b.registered:
		return "not registered"
	case b.fenced:
		return "fenced"
	case !b.answers:
		return "unreachable"
	case !slices.Contains(p.isr, c.Preferred):
		return "not in ISR"
	case strings.HasPrefix(t.name, "hidden"):
		return "topic excluded"
	}
	if !a.override("isr_not_whole") {
		for _, r := range p.replicas {
			if o.w.brokers[r].in() && !slices.Contains(p.isr, r) {
				return "ISR not whole"
			}
		}
	}
	return o.judgeBroker(a, c.Preferred)
}

func (o *oracle) judgeBroker(a *attempt, id int32) string {
	excluded := slices.Contains(o.p.ExcludeBrokers, int(id)) || a.at.wall.Before(o.excluded[id])
	switch {
	case excluded && !a.override("broker_excluded"):
		return "broker excluded"
	case a.known.settled(id) < o.p.Settle && !a.override("unsettled"):
		return "unsettled"
	case a.known.registrations(id) > o.p.MaxRegistrationsPerHour && !a.override("flapping"):
		return "flapping"
	case a.known.slow(id) && !a.override("slow"):
		return "slow"
	}
	if a.byHand != nil {
		if a.byHand.Broker != nil && *a.byHand.Broker != id {
			return "nobody asked for this broker"
		}
		return ""
	}
	if !a.start {
		if !a.run[id] {
			return "not a broker of this run"
		}
		return ""
	}
	if o.w.ratio(id) <= o.p.Threshold {
		return "below threshold"
	}
	if a.known.persisted(id) < o.p.PersistFor {
		return "not persistent"
	}
	return ""
}

// stuck names a broker that stays above the threshold by partitions that could be
// elected; "" where there is none.
func (o *oracle) stuck() string {
	for _, b := range o.w.brokers {
		if o.w.ratio(b.id) <= o.p.Threshold || slices.Contains(o.p.ExcludeBrokers, int(b.id)) || !o.w.whole(b) {
			continue
		}
		for _, t := range o.w.topics {
			for id, p := range t.partitions {
				if p.replicas[0] == b.id && p.leader != b.id && !strings.HasPrefix(t.name, "hidden") {
					return fmt.Sprintf("%s-%d is not given back to broker %d", t.name, id, b.id)
				}
			}
		}
	}
	return ""
}

// inWindow knows the two windows that the model has.
func (o *oracle) inWindow(wall time.Time) bool {
	for _, w := range o.p.Windows {
		ofDay := wall.Sub(wall.Truncate(24 * time.Hour))
		switch w.Cron {
		case "0 * * * *":
			if ofDay%time.Hour < 20*time.Minute {
				return true
			}
		case "30 1 * * *":
			if ofDay >= 90*time.Minute && ofDay < 330*time.Minute {
				return true
			}
		}
	}
	return len(o.p.Windows) == 0
}
