package rebalance

import (
	"fmt"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/config"
)

// oracle knows the truth, keeps books of its own, and says of every election whether it
// was allowed. It shares no code with what it judges.
type oracle struct {
	w        *world
	p        Policy
	runs     []modelRun
	gifts    []*gift
	losses   []loss
	pingPong bool
	paused   bool
	excluded map[int32]time.Time
}

// stamp is a moment by true time, and by the clock of the process that noted it.
type stamp struct {
	at   time.Duration
	wall time.Time
}

// elapsed is the time since a stamp. A clock that was set forward between two processes
// cannot be told from time that went by.
func (s stamp) elapsed(now stamp) time.Duration {
	return max(now.at-s.at, now.wall.Sub(s.wall))
}

type modelRun struct{ start, end stamp }

type loss struct {
	broker int32
	at     stamp
}

type gift struct {
	run    int
	broker int32
	what   map[string]int32 // topic-partition: partition
	void   bool
}

// attempt is an election that somebody is about to make.
type attempt struct {
	at      stamp
	known   evidence
	sight   sight
	polled  time.Duration // true time of the snapshot
	leads   bool
	refused bool
	start   bool           // of a run; else it goes on
	run     map[int32]bool // brokers of a run that goes on
	byHand  *ByHand
	plan    []Candidate
}

func (a *attempt) override(name string) bool {
	switch name {
	case "broker_left", "brokers_down", "under_replicated", "reassigning", "isr_not_whole", "unsettled", "flapping", "slow", "broker_excluded":
		return a.byHand != nil && a.byHand.Override[name]
	default:
		return false
	}
}

// judge says why an attempt is forbidden; "" when it is not.
func (o *oracle) judge(a *attempt) string {
	if why := o.judgeCluster(a); why != "" {
		return why
	}
	if a.byHand == nil {
		if why := o.judgeAuto(a); why != "" {
			return why
		}
	}
	seenAlready := map[string]bool{}
	for _, c := range a.plan {
		name := fmt.Sprintf("%s-%d", c.Topic, c.Partition)
		if seenAlready[name] {
			return name + " is in the plan twice"
		}
		seenAlready[name] = true
		if why := o.judgeCandidate(a, c); why != "" {
			return name + " to " + fmt.Sprint(c.Preferred) + ": " + why
		}
	}
	return ""
}

func (o *oracle) judgeCluster(a *attempt) string {
	w := o.w
	switch {
	case w.unconfirmed:
		return "unsupported"
	case w.denied || a.refused:
		return "unauthorized"
	case a.at.at-a.polled > o.p.Fresh || !a.sight.clear():
		return "blind"
	case !w.kraft && w.quorum != cluster.ModeLeader:
		return "no quorum"
	case w.controller == cluster.NoLeader:
		return "no controller"
	case w.pending:
		return "election pending"
	}
	partitions, lagging, moving, standing, down := o.count()
	for _, id := range standing {
		if a.known.leftAgo(id) < o.p.BrokerLeft && !a.override("broker_left") {
			return fmt.Sprintf("broker left: %d", id)
		}
	}
	allowed := o.p.MaxBrokersDown
	if n := len(standing); allowed == config.Auto {
		if allowed = 0; n >= 10 {
			allowed = (n + 49) / 50
		}
	}
	if down > allowed && !a.override("brokers_down") {
		return "brokers down"
	}
	if allowed = o.p.MaxUnderReplicated; allowed == config.Auto {
		allowed = int(0.001 * float64(partitions))
	}
	if lagging > allowed && !a.override("under_replicated") {
		return "under replicated"
	}
	if moving > o.p.MaxReassigning && !a.override("reassigning") {
		return "reassigning"
	}
	return ""
}

func (o *oracle) count() (partitions, lagging, moving int, standing []int32, down int) {
	for _, t := range o.w.topics {
		if t.deleting {
			continue
		}
		for _, p := range t.partitions {
			partitions++
			if p.reassigning {
				moving++
			}
			late := false
			for _, r := range p.replicas {
				if !slices.Contains(standing, r) {
					standing = append(standing, r)
				}
				late = late || o.w.brokers[r].in() && !slices.Contains(p.isr, r) && !slices.Contains(p.adding, r) && !slices.Contains(p.failed, r)
			}
			if late {
				lagging++
			}
		}
	}
	for _, id := range standing {
		if !o.w.brokers[id].in() {
			down++
		}
	}
	return partitions, lagging, moving, standing, down
}

func (o *oracle) judgeAuto(a *attempt) string {
	switch {
	case !a.leads:
		return "not leader"
	case o.paused:
		return "paused"
	case o.pingPong:
		return "ping pong"
	case !a.start:
		return ""
	case !o.inWindow(a.at.wall):
		return "outside window"
	}
	lastHour := 0
	for _, r := range o.runs {
		if r.end.elapsed(a.at) < o.p.Cooldown {
			return "cooldown"
		}
		if r.start.elapsed(a.at) < time.Hour {
			lastHour++
		}
	}
	if lastHour >= o.p.MaxRunsPerHour {
		return "budget"
	}
	return ""
}
