package chronicle

import (
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// Outage is what became of a broker that was lost, or that registered anew. The times are
// those at which it was seen; zero for what has not come yet.
type Outage struct {
	Broker int32
	Lost   time.Time // not registered any more, since it was in trouble; zero where it was only seen to have registered anew
	Since  bool      // it was lost already when evenkeel saw it first: Lost is not when that was
	Back   time.Time // registered again
	Whole  time.Time // in the ISR of all of its partitions
	Over   time.Time // and it leads again what it is the preferred leader of
}

// follow goes on with the outages. What a poll does not know leaves them as they are.
func (c *Chronicle) follow(s *cluster.Snapshot) {
	z := states(s)
	if z == nil {
		return
	}
	for i := range s.Brokers {
		b := &s.Brokers[i]
		if registered, known := b.Registered(); known {
			c.followBroker(s, z, b, registered)
		}
	}
	for id := range c.outages {
		if s.Broker(id) == nil {
			delete(c.outages, id) // nobody knows it any more
		}
	}
}

func (c *Chronicle) followBroker(s *cluster.Snapshot, z *cluster.Summary, b *cluster.Broker, registered bool) {
	at, load := s.Finished, z.Load(b.ID)
	o, anew := c.outages[b.ID], c.anew(b)
	switch {
	case !registered && load.Replicas == 0:
		delete(c.outages, b.ID) // it left, and nothing is missing
		return
	case !registered && (o == nil || !o.Back.IsZero()):
		_, seen := c.sessions[b.ID]
		c.outages[b.ID] = &Outage{Broker: b.ID, Lost: lostAt(s, b.ID), Since: !seen}
		return
	case !registered:
		return
	case o == nil && anew:
		o = &Outage{Broker: b.ID, Back: at}
		c.outages[b.ID] = o
	case o == nil:
		return
	case o.Back.IsZero():
		o.Back = at
	}
	switch {
	case load.OutOfSync > 0:
		o.Whole = time.Time{}
	case o.Whole.IsZero():
		o.Whole = at
	}
	switch {
	case o.Whole.IsZero():
	case load.NotLeading == 0:
		o.Over = at
		delete(c.outages, b.ID)
		c.over = keep(append(c.over, *o), keptOutages)
	case at.Sub(o.Whole) > keptFor:
		delete(c.outages, b.ID) // leadership stays where it is, and nobody asks for it
	}
}

// lostAt is when the trouble with a broker that is not registered began: it does not answer
// before its session ends.
func lostAt(s *cluster.Snapshot, id int32) time.Time {
	for i := range s.Troubles {
		if s.Troubles[i].Key == cluster.BrokerKey(id) {
			return s.Troubles[i].Since
		}
	}
	return s.Finished
}

// anew says whether a broker registered anew since it was last seen, though it was not seen
// to be gone, and remembers its session.
func (c *Chronicle) anew(b *cluster.Broker) bool {
	if b.Registration == nil {
		return false
	}
	session := b.Registration.Session
	old := c.sessions[b.ID]
	c.sessions[b.ID] = session
	return old != 0 && session != 0 && old != session
}

// Outages returns those that are not over, by broker, and those that were over within an
// hour before now, the latest first. The slices are the caller's.
func (c *Chronicle) Outages(now time.Time) (ongoing, over []Outage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range c.outages {
		ongoing = append(ongoing, *o)
	}
	slices.SortFunc(ongoing, func(a, b Outage) int { return int(a.Broker) - int(b.Broker) })
	return ongoing, latest(c.over, func(o Outage) bool { return now.Sub(o.Over) < Span })
}
