package collectors

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

// probeTimeout is how long a broker may take to answer the probe, in a poll that
// has time for it. A healthy one takes milliseconds; a frozen one never answers.
const probeTimeout = 3 * time.Second

func nodeOf(b cluster.KnownBroker) kafka.Node {
	return kafka.Node{ID: b.ID, Addr: b.Address, Registration: b.RegistrationVersion}
}

// prober asks brokers for a sign of life, each address of a broker once a poll.
type prober struct {
	ctx    context.Context // when every probe must be done
	each   time.Duration   // how long one may take
	client BrokerClient
	wg     sync.WaitGroup
	mu     sync.Mutex
	probes map[probeKey]*cluster.Probe
}

type probeKey struct {
	id   int32
	addr string
}

func newProber(ctx context.Context, client BrokerClient, each time.Duration) *prober {
	return &prober{ctx: ctx, each: min(each, probeTimeout), client: client, probes: map[probeKey]*cluster.Probe{}}
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
	result := &cluster.Probe{Status: cluster.BrokerUnknown}
	p.probes[key] = result
	p.wg.Go(func() { *result = p.probe(n) })
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

// finishBrokers waits for the probes and lists every known broker with what the
// registry and its probe say.
func (r *reading) finishBrokers(probes *prober) {
	r.source(cluster.SourceProbes, func() ([]cluster.Fault, error) {
		r.known = r.known.Remember(r.registrations, r.picture, func(b *cluster.Registration) string {
			address, err := r.address(b)
			if err != nil {
				return ""
			}
			return address
		}, time.Now())
		for _, b := range r.known {
			probes.start(nodeOf(b))
		}
		probes.wg.Wait()
		faults := append(r.listBrokers(probes), r.listBootstrap(probes)...)
		if r.tried == 0 && len(faults) > 0 {
			return faults, faults[0].Err // there are brokers, and none of them could be asked
		}
		return faults, nil
	})
	o := r.outcomes[cluster.SourceProbes]
	o.Started = r.started // the first probes began with the poll
	r.note(cluster.SourceProbes, o)
}

// bootstrap returns the addresses of the configuration when no broker is known
// that could be asked instead. They have no id and are no brokers.
func (r *reading) bootstrap() []kafka.Node {
	for _, b := range r.known {
		if b.Address != "" {
			return nil
		}
	}
	var nodes []kafka.Node
	for _, address := range r.cfg.Kafka.Brokers {
		nodes = append(nodes, kafka.Node{ID: -1, Addr: address})
	}
	return nodes
}

func (r *reading) listBrokers(probes *prober) (faults []cluster.Fault) {
	registered, read := r.registrations.Get()
	var nodes []kafka.Node
	for _, k := range r.known.Sorted() {
		b := cluster.Broker{ID: k.ID, Address: k.Address, Rack: k.Rack, Registration: registered[k.ID], RegistryRead: read,
			Probe: cluster.Probe{Status: cluster.BrokerUnknown}}
		if probe := probes.probes[probeKey{k.ID, k.Address}]; probe != nil {
			b.Probe = *probe
			nodes = append(nodes, nodeOf(k))
			faults = append(faults, r.count(fmt.Sprintf("broker %d at %s", k.ID, k.Address), probe)...)
		} else if b.Registration != nil {
			_, b.Probe.Err = r.address(b.Registration)
			faults = append(faults, brokerFault(k.ID, string(cluster.BrokerUnknown), b.Probe.Err))
		}
		r.brokerList = append(r.brokerList, b)
	}
	r.brokers.Retain(nodes)
	return faults
}

func (r *reading) listBootstrap(probes *prober) (faults []cluster.Fault) {
	for _, n := range r.boots {
		faults = append(faults, r.count("bootstrap address "+n.Addr, probes.probes[probeKey{n.ID, n.Addr}])...)
	}
	return faults
}

// count counts a probe, and returns its failure if it is one.
func (r *reading) count(target string, probe *cluster.Probe) []cluster.Fault {
	r.tried++
	if probe.Answered() {
		r.heard++
		return nil
	}
	return []cluster.Fault{{Target: target, Reason: string(probe.Status), Err: probe.Err}}
}
