package cluster

import "maps"

// Agree says whether two snapshots in a row show the same cluster, as far as events
// change it: who is registered, answers and controls it, the modes of the ZooKeeper
// servers, leaders and ISRs. Offsets move all the time and do not count. What was not
// read in one of them agrees with nothing but the same gap in the other.
func Agree(prev, next *Snapshot) bool {
	if prev == nil || next == nil || len(prev.Brokers) != len(next.Brokers) {
		return false
	}
	for i := range next.Brokers {
		if !sameBroker(&prev.Brokers[i], &next.Brokers[i]) {
			return false
		}
	}
	return prev.Controller.value == next.Controller.value && prev.Controller.ok == next.Controller.ok &&
		sameModes(prev.Ensemble, next.Ensemble) && sameSums(prev.Summary, next.Summary)
}

func sameBroker(a, b *Broker) bool {
	return a.ID == b.ID && a.RegistryRead == b.RegistryRead && a.Probe.Status == b.Probe.Status &&
		(a.Registration == nil) == (b.Registration == nil) &&
		(a.Registration == nil || a.Registration.Fenced == b.Registration.Fenced && a.Registration.Session == b.Registration.Session)
}

func sameModes(a, b *Ensemble) bool {
	if a == nil || b == nil || len(a.Servers) != len(b.Servers) {
		return a == b
	}
	for i := range b.Servers {
		if a.Servers[i].Mode != b.Servers[i].Mode {
			return false
		}
	}
	return true
}

// sameSums compares what follows from the pictures. Of two that agree in each
// broker's load and in every sum, one that moved in between has moved back.
func sameSums(a, b *Summary) bool {
	if a == nil || b == nil {
		return a == b
	}
	if !maps.Equal(a.UnderReplicated, b.UnderReplicated) ||
		!maps.EqualFunc(a.Loads, b.Loads, func(x, y *Load) bool { return *x == *y }) {
		return false
	}
	return a.StatesKnown == b.StatesKnown && a.RegistryKnown == b.RegistryKnown && a.Partitions == b.Partitions &&
		a.Offline == b.Offline && a.Reassigning == b.Reassigning && a.LeaderUnreachable == b.LeaderUnreachable
}

// Unsettled says whether a snapshot shows what cannot last: partitions without a
// leader that a controller is about to elect, or no controller, whose successor is.
func (s *Snapshot) Unsettled() bool {
	controller, known := s.Controller.Get()
	return known && !controller.Exists || s.Summary != nil && s.Summary.Offline > 0
}
