package cluster

import "fmt"

// Events tells in words what happened from one snapshot to the next, beside the
// troubles that began and ended: moves of leadership, of the controller, of a
// ZooKeeper server's mode.
func Events(prev, next *Snapshot, c Changes) []string {
	if prev == nil {
		return nil
	}
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	modeEvents(prev, next, say)
	if a, ok := prev.Controller.Get(); ok {
		if b, ok := next.Controller.Get(); ok && a != b && b.Exists && b.Named {
			say("node %d is the active controller now", b.ID)
		}
	}
	for i := range next.Brokers {
		b := &next.Brokers[i]
		old := prev.Broker(b.ID)
		if old != nil && old.Registration != nil && b.Registration != nil && old.Registration.Session != b.Registration.Session {
			say("broker %d registered anew", b.ID)
		}
	}
	if c.Elections > 0 {
		say("%d partitions have another leader now", c.Elections)
	}
	if c.Unclean > 0 {
		say("%d partitions elected a leader from outside the ISR: messages are lost", c.Unclean)
	}
	if n, m := sum(c.ISRShrinks), sum(c.ISRExpands); n+m > 0 {
		say("%d replicas left an ISR, %d joined one", n, m)
	}
	return out
}

func modeEvents(prev, next *Snapshot, say func(string, ...any)) {
	if prev.Ensemble == nil || next.Ensemble == nil || len(prev.Ensemble.Servers) != len(next.Ensemble.Servers) {
		return
	}
	for i := range next.Ensemble.Servers {
		from, to := prev.Ensemble.Servers[i].Mode, next.Ensemble.Servers[i].Mode
		if from != to && to.Serving() {
			say("ZooKeeper server %s is %s now (was %s)", next.Ensemble.Servers[i].Name, to, from)
		}
	}
}

func sum(m map[int32]int) int {
	n := 0
	for _, v := range m {
		n += v
	}
	return n
}
