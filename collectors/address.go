package collectors

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

// address picks the endpoint that clients of our kind are to use.
func (p *Poller) address(b *cluster.Registration) (string, error) {
	protocol, fitting := p.protocol(), p.fitting(b)
	switch {
	case len(fitting) == 1:
		return net.JoinHostPort(fitting[0].Host, strconv.Itoa(fitting[0].Port)), nil
	case len(b.Endpoints) == 0:
		return "", errors.New("its registration names no address")
	case p.cfg.Kafka.Listener != "":
		return "", fmt.Errorf("its registration has no listener %q (kafka.listener)", p.cfg.Kafka.Listener)
	case len(fitting) == 0:
		return "", fmt.Errorf("its registration has no %s listener, which is what kafka.tls and kafka.sasl ask for", protocol)
	default:
		return "", fmt.Errorf("its registration has several %s listeners: name one as kafka.listener", protocol)
	}
}

// fitting returns the endpoints of a broker that are for us. The listener that was
// found out decides only where there are several: it may be gone by now, and a
// broker may have another.
func (p *Poller) fitting(b *cluster.Registration) (fitting []cluster.Endpoint) {
	protocol := p.protocol()
	for _, e := range b.Endpoints {
		if p.fits(e, protocol) {
			fitting = append(fitting, e)
		}
	}
	if p.cfg.Kafka.Listener == "" {
		for _, e := range fitting {
			if p.listener != "" && e.Listener == p.listener {
				return []cluster.Endpoint{e}
			}
		}
	}
	return fitting
}

// fits says whether an endpoint may be one for us. What brokers tell of each other
// over a listener are the addresses of that listener, and have no name.
func (p *Poller) fits(e cluster.Endpoint, protocol string) bool {
	switch listener := p.cfg.Kafka.Listener; {
	case e.Listener == "" && e.Protocol == "":
		return true
	case listener != "":
		return e.Listener == listener
	default:
		return e.Protocol == protocol
	}
}

// protocol names what kafka.tls and kafka.sasl make of a connection.
func (p *Poller) protocol() string {
	tls, sasl := p.cfg.Kafka.TLS.Enabled, p.cfg.Kafka.SASL.Mechanism != ""
	switch {
	case tls && sasl:
		return "SASL_SSL"
	case sasl:
		return "SASL_PLAINTEXT"
	case tls:
		return "SSL"
	default:
		return "PLAINTEXT"
	}
}

// learnListener finds out, where registrations have several listeners for us and
// none is configured, which of them the bootstrap addresses belong to: a broker's
// metadata tells the addresses of the listener over which it is asked. It says
// whether it did.
func (p *Poller) learnListener(registered, told map[int32]*cluster.Registration) bool {
	for id, b := range told {
		if registered[id] == nil || len(b.Endpoints) == 0 {
			continue
		}
		for _, e := range registered[id].Endpoints {
			if e.Host == b.Endpoints[0].Host && e.Port == b.Endpoints[0].Port && e.Protocol == p.protocol() {
				p.listener = e.Listener
				return true
			}
		}
	}
	return false
}

// askListener asks the bootstrap addresses which listener is theirs, where the
// registrations leave that open. The registry is not read on before it is done, so
// whichever answers first is asked, and none is waited for long.
func (r *reading) askListener(ctx context.Context, probes *prober, registered map[int32]*cluster.Registration) {
	if !r.ambiguous(registered) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, r.patience(ctx))
	defer cancel()
	if len(r.boots) == 0 {
		r.boots = r.bootNodes()
	}
	for _, n := range r.boots {
		probes.start(n)
	}
	asked := map[string]bool{}
	for {
		n, ok := probes.waitFor(ctx, func(n kafka.Node) bool { return n.ID < 0 && !asked[n.Addr] })
		if !ok {
			return
		}
		asked[n.Addr] = true
		if told, err := r.brokers.Metadata(ctx, n); err == nil && r.learnListener(registered, told.Brokers) {
			return
		}
	}
}

// ambiguous says whether a broker has several listeners that fit us.
func (p *Poller) ambiguous(registered map[int32]*cluster.Registration) bool {
	for _, b := range registered {
		if len(p.fitting(b)) > 1 {
			return true
		}
	}
	return false
}
