package collectors

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

func nodeOf(b cluster.KnownBroker) kafka.Node {
	return kafka.Node{ID: b.ID, Addr: b.Address, Registration: b.RegistrationVersion}
}

// finishBrokers waits for the probes and lists every known broker with what the
// registry and its probe say.
func (r *reading) finishBrokers(probes *prober) {
	r.source(cluster.SourceProbes, func() ([]cluster.Fault, error) {
		address := func(b *cluster.Registration) string {
			address, err := r.address(b)
			if err != nil {
				return ""
			}
			return address
		}
		r.known = r.known.Told(r.told, address, time.Now()).Remember(r.registrations, r.picture, address, time.Now())
		for _, b := range r.known {
			probes.start(nodeOf(b))
		}
		probes.settle(context.Background()) // each ends by its own deadline
		faults := append(r.listBrokers(probes), r.listBootstrap(probes)...)
		r.judgeController()
		if mode := r.modeOf(probes); mode != "" {
			r.mode = mode
		}
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
// that could be asked instead, and when none of those answered the last time: they
// may all have moved. They have no id and are no brokers.
func (r *reading) bootstrap() []kafka.Node {
	// That a bootstrap address answered then is no reason to leave it out now.
	reached := r.prev != nil && slices.ContainsFunc(r.prev.Brokers, func(b cluster.Broker) bool { return b.Probe.Answered() })
	for _, b := range r.known {
		if b.Address != "" && reached {
			return nil
		}
	}
	return r.bootNodes()
}

// bootNodes returns the addresses of the configuration.
func (p *Poller) bootNodes() []kafka.Node {
	var nodes []kafka.Node
	for _, address := range p.cfg.Kafka.Brokers {
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
		if probe := probes.result(probeKey{k.ID, k.Address}); probe != nil {
			b.Probe = *probe
			nodes = append(nodes, nodeOf(k))
			if probe.Answered() {
				b.Release = r.brokers.Identity(nodeOf(k)).Release
			}
			faults = append(faults, r.count(fmt.Sprintf("broker %d at %s", k.ID, k.Address), probe)...)
		} else if b.Registration != nil {
			_, b.Probe.Err = r.address(b.Registration)
			faults = append(faults, brokerFault(k.ID, string(cluster.BrokerUnknown), b.Probe.Err))
		}
		r.brokerList = append(r.brokerList, b)
	}
	// The bootstrap addresses stay, with what was learnt of them: one that refuses our
	// login must not be tried anew in every poll.
	r.brokers.Retain(append(nodes, r.boots...))
	return faults
}

func (r *reading) listBootstrap(probes *prober) (faults []cluster.Fault) {
	for _, n := range r.boots {
		faults = append(faults, r.count("bootstrap address "+n.Addr, probes.result(probeKey{n.ID, n.Addr}))...)
	}
	return faults
}

// count counts a probe, and returns its failure if it is one.
func (r *reading) count(target string, probe *cluster.Probe) []cluster.Fault {
	r.tried++
	if probe == nil {
		probe = &cluster.Probe{Status: cluster.BrokerUnknown}
	}
	if probe.Answered() {
		r.heard++
		return nil
	}
	return []cluster.Fault{{Target: target, Reason: string(probe.Status), Err: probe.Err}}
}
