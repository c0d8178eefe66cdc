package collectors

import (
	"context"
	"sync"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

// probeTimeout is how long a broker may take to answer the probe, in a poll that
// has time for it. A healthy one takes milliseconds; a frozen one never answers.
const probeTimeout = 3 * time.Second

// prober asks brokers for a sign of life, each address of a broker once a poll.
type prober struct {
	ctx    context.Context // when every probe must be done
	each   time.Duration   // how long one may take
	client BrokerClient

	mu      sync.Mutex
	probes  map[probeKey]*probing
	order   []*probing    // as they were begun
	changed chan struct{} // closed, and made anew, whenever a probe ends
}

type probeKey struct {
	id   int32
	addr string
}

// probing is a probe that was begun.
type probing struct {
	node   kafka.Node
	ended  bool // result holds
	taken  bool // next has returned it
	result cluster.Probe
}

func newProber(ctx context.Context, client BrokerClient, each time.Duration) *prober {
	return &prober{
		ctx: ctx, each: min(each, probeTimeout), client: client,
		probes: map[probeKey]*probing{}, changed: make(chan struct{}),
	}
}

// start probes a node unless it is being probed at that address already.
func (p *prober) start(n kafka.Node) {
	if n.Addr == "" {
		return
	}
	key := probeKey{n.ID, n.Addr}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.probes[key] != nil {
		return
	}
	begun := &probing{node: n}
	p.probes[key] = begun
	p.order = append(p.order, begun)
	go func() {
		result := p.probe(n)
		result.Ended = time.Now()
		p.mu.Lock()
		defer p.mu.Unlock()
		begun.result, begun.ended = result, true
		close(p.changed)
		p.changed = make(chan struct{})
	}()
}

func (p *prober) probe(n kafka.Node) (result cluster.Probe) {
	defer func() {
		if v := recover(); v != nil {
			result = cluster.Probe{Status: cluster.BrokerUnknown, Err: panicked(v)}
		}
	}()
	ctx, cancel := context.WithTimeout(p.ctx, p.each)
	defer cancel()
	took, err := p.client.Probe(ctx, n)
	if err != nil {
		return cluster.Probe{Status: kafka.Status(err), Err: err}
	}
	return cluster.Probe{Status: cluster.BrokerAlive, Took: took}
}

// settle returns when every probe that was begun has ended, or ctx has.
func (p *prober) settle(ctx context.Context) {
	for {
		p.mu.Lock()
		changed, under := p.changed, p.underWay()
		p.mu.Unlock()
		if !under {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

func (p *prober) underWay() bool {
	for _, b := range p.order {
		if !b.ended {
			return true
		}
	}
	return false
}

// preference is how long next waits for the node that is wanted most while others
// have answered.
const preference = 500 * time.Millisecond

// next returns a node that answered and that it has not returned before. It waits
// while there is hope, and a little for the broker that is preferred (-1: none). It
// returns false when all have been returned or failed, or ctx ends.
func (p *prober) next(ctx context.Context, preferred int32) (kafka.Node, bool) {
	patience := time.NewTimer(preference)
	defer patience.Stop()
	waiting := true
	for {
		p.mu.Lock()
		b, hope := p.pick(preferred, waiting)
		changed := p.changed
		p.mu.Unlock()
		switch {
		case b != nil:
			return b.node, true
		case !hope:
			return kafka.Node{}, false
		}
		select {
		case <-changed:
		case <-patience.C:
			waiting = false
		case <-ctx.Done():
			return kafka.Node{}, false
		}
	}
}

// pick takes a node that answered, and says whether waiting may bring one.
func (p *prober) pick(preferred int32, waiting bool) (best *probing, hope bool) {
	for _, b := range p.order {
		switch {
		case b.taken:
		case !b.ended:
			hope = true
			if waiting && b.node.ID == preferred && preferred >= 0 {
				return nil, true
			}
		case b.result.Answered() && (best == nil || b.node.ID == preferred && preferred >= 0):
			best = b
		}
	}
	if best != nil {
		best.taken = true
	}
	return best, hope
}

// only returns the node of a broker once it has answered; false if it does not.
func (p *prober) only(ctx context.Context, id int32) (kafka.Node, bool) {
	return p.waitFor(ctx, func(n kafka.Node) bool { return n.ID == id })
}

// waitFor returns a node that is wanted and has answered, waiting while a probe of
// one is under way.
func (p *prober) waitFor(ctx context.Context, wanted func(kafka.Node) bool) (kafka.Node, bool) {
	for {
		p.mu.Lock()
		n, ok, hope := p.find(wanted)
		changed := p.changed
		p.mu.Unlock()
		if ok || !hope {
			return n, ok
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return kafka.Node{}, false
		}
	}
}

func (p *prober) find(wanted func(kafka.Node) bool) (n kafka.Node, ok, hope bool) {
	for _, b := range p.order {
		switch {
		case !wanted(b.node):
		case !b.ended:
			hope = true
		case b.result.Answered():
			return b.node, true, false
		}
	}
	return kafka.Node{}, false, hope
}

// result returns how the probe of a node went, nil when it was not probed.
func (p *prober) result(key probeKey) *cluster.Probe {
	p.mu.Lock()
	defer p.mu.Unlock()
	if b := p.probes[key]; b != nil && b.ended {
		return &b.result
	}
	return nil
}

// answered returns the nodes that have answered so far.
func (p *prober) answered() []kafka.Node {
	p.mu.Lock()
	defer p.mu.Unlock()
	var nodes []kafka.Node
	for _, b := range p.order {
		if b.ended && b.result.Answered() {
			nodes = append(nodes, b.node)
		}
	}
	return nodes
}
