package rebalance

import (
	"cmp"
	"slices"

	"github.com/evenkeel/evenkeel/cluster"
)

// maxPassed is how many partitions that are passed over a decision names.
const maxPassed = 50

// choose fills in the candidates, and what is passed over.
func (c *situation) choose(d *Decision, skips []skip) {
	if len(c.imbalanced) == 0 {
		return
	}
	picture, _ := c.s.Picture.Get()
	asked := c.askedSkips(skips)
	for i := range picture.Topics {
		t := &picture.Topics[i]
		if h := c.p.ByHand; h != nil && h.Topic != nil && !h.Topic.MatchString(t.Name) {
			continue
		}
		for j := range t.Partitions {
			if p := &t.Partitions[j]; c.misplaced(p) {
				c.judge(d, asked, t, p)
			}
		}
	}
	slices.SortFunc(d.Candidates, func(a, b Candidate) int {
		return cmp.Or(
			cmp.Compare(c.imbalanced[b.Preferred], c.imbalanced[a.Preferred]),
			cmp.Compare(a.Topic, b.Topic),
			cmp.Compare(a.Partition, b.Partition),
		)
	})
	for _, candidate := range d.Candidates {
		if !slices.Contains(c.elected, candidate.Preferred) {
			c.elected = append(c.elected, candidate.Preferred)
		}
	}
}

// askedSkips leaves out those that a person overrides.
func (c *situation) askedSkips(all []skip) []skip {
	asked := make([]skip, 0, len(all))
	for _, s := range all {
		if !c.p.ByHand.overrides(string(s.name)) {
			asked = append(asked, s)
		}
	}
	return asked
}

// misplaced says whether a partition is led by another than its preferred leader, and
// that is a broker whose partitions are in question.
func (c *situation) misplaced(p *cluster.Partition) bool {
	preferred, ok := p.Preferred()
	if !ok || p.State != cluster.StateRecorded || p.Leader == preferred {
		return false
	}
	_, imbalanced := c.imbalanced[preferred]
	return imbalanced
}

// judge makes a misplaced partition a candidate, or passes it over.
func (c *situation) judge(d *Decision, skips []skip, t *cluster.Topic, p *cluster.Partition) {
	candidate := Candidate{Topic: t.Name, Partition: p.ID, Leader: p.Leader, Preferred: p.Replicas[0]}
	for _, s := range skips {
		if !s.holds(c, t, p, candidate.Preferred) {
			continue
		}
		d.Skipped[s.name]++
		if len(d.Passed) < maxPassed {
			d.Passed = append(d.Passed, Passed{candidate, s.name})
		}
		return
	}
	d.Candidates = append(d.Candidates, candidate)
}

// skip is a reason to pass a misplaced partition over.
type skip struct {
	name  Skip
	holds func(c *situation, t *cluster.Topic, p *cluster.Partition, preferred int32) bool
}

// skips are in the order of Skips.
var skips = []skip{
	{BeingDeleted, func(_ *situation, t *cluster.Topic, _ *cluster.Partition, _ int32) bool { return t.Deleting }},
	{BeingReassigned, func(_ *situation, _ *cluster.Topic, p *cluster.Partition, _ int32) bool { return p.Reassigning }},
	{NotRegistered, ofBroker(func(_ *situation, b *cluster.Broker) bool { return !b.RegistryRead || b.Registration == nil })},
	{Fenced, ofBroker(func(_ *situation, b *cluster.Broker) bool { return b.Registration != nil && b.Registration.Fenced })},
	{Unreachable, ofBroker(func(_ *situation, b *cluster.Broker) bool { return !b.Probe.Answered() })},
	{NotInISR, func(_ *situation, _ *cluster.Topic, p *cluster.Partition, preferred int32) bool {
		return !p.InISR(preferred)
	}},
	{ISRNotWhole, (*situation).lacksReplica},
	{TopicExcluded, func(c *situation, t *cluster.Topic, _ *cluster.Partition, _ int32) bool {
		return !c.p.Topics.Match(t.Name)
	}},
	{BrokerExcluded, func(c *situation, _ *cluster.Topic, _ *cluster.Partition, preferred int32) bool {
		return c.excluded[preferred]
	}},
	{Unsettled, ofBroker(func(c *situation, b *cluster.Broker) bool { return c.m.Watch.wholeFor(b.ID) < c.p.Settle })},
	{Flapping, ofBroker(func(c *situation, b *cluster.Broker) bool {
		return c.m.Watch.registrations(b.ID) > c.p.MaxRegistrationsPerHour
	})},
	{Slow, ofBroker(func(c *situation, b *cluster.Broker) bool { return c.m.Watch.slow(b.ID) })},
}

// ofBroker is asked of the preferred leader. One of which nothing is known is taken for
// one that is not registered and does not answer.
func ofBroker(holds func(c *situation, b *cluster.Broker) bool) func(*situation, *cluster.Topic, *cluster.Partition, int32) bool {
	return func(c *situation, _ *cluster.Topic, _ *cluster.Partition, preferred int32) bool {
		b := c.brokers[preferred]
		if b == nil {
			b = &cluster.Broker{ID: preferred}
		}
		return holds(c, b)
	}
}

// lacksReplica says whether a replica on a registered broker, which a reassignment is
// not just adding, is missing from the ISR.
func (c *situation) lacksReplica(_ *cluster.Topic, p *cluster.Partition, _ int32) bool {
	for _, r := range p.Replicas {
		if !p.InISR(r) && !slices.Contains(p.Adding, r) && c.registered(r) {
			return true
		}
	}
	return false
}
