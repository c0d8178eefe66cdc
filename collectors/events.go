package collectors

import (
	"context"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

const (
	// lookEvery is how often the ZooKeeper servers are asked for their modes between
	// polls, and lookTimeout how long that waits for one of them. What a slow one
	// answers is told the next time.
	lookEvery   = 500 * time.Millisecond
	lookTimeout = 300 * time.Millisecond
)

// events is what happens between polls, as told by connections that are kept. It is
// filled from goroutines of the clients.
type events struct {
	notify func(cluster.Trigger) // nil while nobody listens
	cluster.News
}

// Watch calls notify for everything that says that the cluster has moved since it
// was read last, until ctx ends: what ZooKeeper tells, brokers whose connection was
// lost, servers of ZooKeeper whose mode changed. It is called from several
// goroutines, and must not block.
func (p *Poller) Watch(ctx context.Context, notify func(cluster.Trigger)) {
	p.mu.Lock()
	p.events.notify = notify
	p.mu.Unlock()
	p.watchEnsemble(ctx)
	p.mu.Lock()
	p.events.notify = nil
	p.mu.Unlock()
}

func (p *Poller) signal(t cluster.Trigger) {
	p.mu.Lock()
	notify := p.events.notify
	p.mu.Unlock()
	if notify != nil {
		notify(t)
	}
}

// lost takes note of a broker that went away between polls.
func (p *Poller) lost(n kafka.Node, err error) {
	p.log.Debug("Connection lost", "broker", n, "err", err)
	p.mu.Lock()
	p.events.Losses[n.Addr] = cluster.Probe{Status: kafka.Status(err), Err: err, Ended: time.Now()}
	p.mu.Unlock()
	p.signal(cluster.TriggerLost)
}

// changed takes note of what ZooKeeper told.
func (p *Poller) changed(what string) {
	p.log.Debug("ZooKeeper tells of a change", "of", what)
	p.signal(cluster.TriggerWatch)
}

// watchEnsemble asks the ZooKeeper servers for their modes, and tells of each that is
// not as the last snapshot shows it. Where that stays so though a poll has looked, no
// further poll is asked for.
func (p *Poller) watchEnsemble(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	told := map[string]cluster.ServerMode{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if p.last() == nil || p.ensemble == nil {
			continue
		}
		asking, cancel := context.WithTimeout(ctx, lookTimeout)
		servers := p.ensemble.Look(asking)
		cancel()
		if ctx.Err() != nil {
			return
		}
		if trigger, news := p.looked(servers, told); news {
			p.signal(trigger)
		}
	}
}

// looked takes note of the servers that are in another mode than shown, and says
// whether there is one, and whether it asks for a poll: whether it was not told of
// yet, by the modes in told.
func (p *Poller) looked(servers map[string]cluster.Look, told map[string]cluster.ServerMode) (trigger cluster.Trigger, news bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.prev.Ensemble == nil {
		return trigger, false // it could not be read
	}
	for i := range p.prev.Ensemble.Servers {
		shown := &p.prev.Ensemble.Servers[i]
		now, answered := servers[shown.Name]
		switch {
		case !answered, now.At.Before(shown.Answered): // a slow one may tell what is past
			continue
		case now.Mode == shown.Mode:
			delete(told, shown.Name)
			p.events.Servers[shown.Name] = now // a poll under way may have read something older
			continue
		case told[shown.Name] != now.Mode:
			trigger = cluster.TriggerMode
		}
		told[shown.Name], p.events.Servers[shown.Name], news = now.Mode, now, true
	}
	return trigger, news
}

// Amend returns the last snapshot with the brokers that were lost since, and the
// ZooKeeper servers whose mode changed, as they are now; false when there is none. It
// may be called while a poll is under way, whose result then comes after this one.
func (p *Poller) Amend() (Result, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.prev == nil {
		return Result{}, false
	}
	s, amended := p.prev.With(p.events.News)
	if !amended {
		return Result{}, false
	}
	s.History = p.tally.Amend(s)
	return p.hand(s, cluster.Events(p.prev, s, cluster.Changes{})), true
}
