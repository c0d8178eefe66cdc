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
	protocol := p.protocol()
	var fitting []cluster.Endpoint
	for _, e := range b.Endpoints {
		if p.fits(e, protocol) {
			fitting = append(fitting, e)
		}
	}
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

// fits says whether an endpoint is one for us. What brokers tell of each other over
// a listener are the addresses of that listener, and have no name.
func (p *Poller) fits(e cluster.Endpoint, protocol string) bool {
	switch listener := p.cfg.Kafka.Listener; {
	case e.Listener == "" && e.Protocol == "":
		return true
	case listener != "":
		return e.Listener == listener
	case p.listener != "" && e.Protocol == protocol:
		return e.Listener == p.listener
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
// metadata tells the addresses of the listener over which it is asked.
func (p *Poller) learnListener(registered, told map[int32]*cluster.Registration) {
	for id, b := range told {
		if registered[id] == nil || len(b.Endpoints) == 0 {
			continue
		}
		for _, e := range registered[id].Endpoints {
			if e.Host == b.Endpoints[0].Host && e.Port == b.Endpoints[0].Port && e.Protocol == p.protocol() {
				p.listener = e.Listener
				return
			}
		}
	}
}

// askListener asks the bootstrap addresses which listener is theirs, where the
// registrations leave that open.
func (r *reading) askListener(ctx context.Context, probes *prober, registered map[int32]*cluster.Registration) {
	if r.listener != "" || !r.ambiguous(registered) {
		return
	}
	for _, address := range r.cfg.Kafka.Brokers {
		n := kafka.Node{ID: -1, Addr: address}
		probes.start(n)
		if !probes.await(ctx, n) {
			continue
		}
		if told, err := r.brokers.Metadata(ctx, n); err == nil {
			r.learnListener(registered, told.Brokers)
			return
		}
	}
}

// ambiguous says whether a broker has several listeners that fit us.
func (p *Poller) ambiguous(registered map[int32]*cluster.Registration) bool {
	protocol := p.protocol()
	for _, b := range registered {
		fitting := 0
		for _, e := range b.Endpoints {
			if p.fits(e, protocol) {
				fitting++
			}
		}
		if fitting > 1 {
			return true
		}
	}
	return false
}
