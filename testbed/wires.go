package testbed

import (
	"net"
	"strings"
)

// wireListener is the name of the listener whose address is that of a wire.
const wireListener = "WIRE"

// Wire returns the wire that stands before a broker, by its id, and nil without
// Spec.Wires. What goes through it depends on the release:
//
//   - From 0.10.2 on the wire has a listener of its own, WireListener, beside the
//     plain one, which the brokers among themselves and the testbed go on using.
//   - On 0.9 there is one listener for each protocol: the plain one is advertised
//     with the wire's address, the brokers among themselves use TLS.
//   - On 0.8 a broker has one address only, the wire's: a cut cuts it off from the
//     other brokers' fetchers and from the controller, too, and from the console
//     consumers that StartConsumer starts.
func (c *Cluster) Wire(broker int) *Wire { return c.brokers[broker].Wire() }

// Wire is Cluster.Wire, for a broker that has taken another's id as well.
func (s *Server) Wire() *Wire { return s.wire }

// WireListener returns the name of the listener under which the wires stand in
// the brokers' registrations, and "" where it is the only plain one, or without
// Spec.Wires.
func (c *Cluster) WireListener() string {
	if !c.spec.Wires || !c.release.namesListeners() {
		return ""
	}
	return wireListener
}

// WiredBootstrap is Bootstrap through the wires, and nil without Spec.Wires.
func (c *Cluster) WiredBootstrap() []string {
	var out []string
	for _, s := range c.brokers {
		if s.wire != nil {
			out = append(out, s.wire.Addr())
		}
	}
	return out
}

// ZooKeeperWire returns the wire that stands before a ZooKeeper server, by its
// index, for clients that are given WiredZooKeeperConnect: the brokers and the
// testbed do not use it. It is nil without Spec.ZooKeeperWires.
func (c *Cluster) ZooKeeperWire(i int) *Wire {
	if len(c.zkWires) == 0 {
		return nil
	}
	return c.zkWires[i]
}

// ZooKeeperWiresOf returns the wires through which one broker, by its id,
// reaches the ZooKeeper servers, by their index; nil without
// Spec.ZooKeeperWires. To cut the broker off from ZooKeeper, cut them all. The
// slice is the caller's.
func (c *Cluster) ZooKeeperWiresOf(broker int) []*Wire { return c.brokers[broker].ZooKeeperWires() }

// ZooKeeperWires is Cluster.ZooKeeperWiresOf, for a broker that has taken
// another's id as well.
func (s *Server) ZooKeeperWires() []*Wire { return append([]*Wire(nil), s.zkWires...) }

// WiredZooKeeperConnect is ZooKeeperConnect through the wires of ZooKeeperWire,
// and ZooKeeperConnect itself without Spec.ZooKeeperWires.
func (c *Cluster) WiredZooKeeperConnect() string { return c.connectThrough(c.zkWires) }

// hasTLSBehindWires tells whether brokers with wires use TLS among themselves.
func (r kafkaRelease) hasTLSBehindWires() bool { return !r.old() && !r.namesListeners() }

// wirePorts is how many further ports each broker needs for its wire.
func (r kafkaRelease) wirePorts(s Spec) int {
	if !s.Wires || r.old() {
		return 0
	}
	return 1
}

// newWire makes a wire that Stop closes.
func (c *Cluster) newWire(target string) (*Wire, error) {
	w, err := NewWire(target)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wires = append(c.wires, w)
	return w, nil
}

// zooKeeperWires makes a wire to each ZooKeeper server, if the spec wants them.
func (c *Cluster) zooKeeperWires() ([]*Wire, error) {
	if !c.spec.ZooKeeperWires {
		return nil, nil
	}
	var wires []*Wire
	for _, s := range c.zookeepers {
		w, err := c.newWire(s.addr)
		if err != nil {
			return nil, err
		}
		wires = append(wires, w)
	}
	return wires, nil
}

// addWire puts a wire before one broker, if the spec wants it, with the settings
// that lead clients there.
func (c *Cluster) addWire(s *Server, p map[string]string, ports *portSet) error {
	if !c.spec.Wires {
		return nil
	}
	target, listener := s.addr, ""
	if !c.release.old() {
		listener = loopback(ports.take())
	}
	if c.release.namesListeners() {
		target = listener
	}
	var err error
	if s.wire, err = c.newWire(target); err != nil {
		return err
	}
	switch {
	case c.release.namesListeners():
		if p["advertised.listeners"] == "" {
			p["advertised.listeners"] = p["listeners"]
		}
		p["listeners"] += "," + wireListener + "://" + listener
		p["advertised.listeners"] += "," + wireListener + "://" + s.wire.Addr()
		return nil
	case c.release.old():
		p["advertised.host.name"], p["advertised.port"], err = net.SplitHostPort(s.wire.Addr())
	default:
		c.addTLSBehindWire(p, listener, s.wire.Addr())
		s.directAddr = listener
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.detours == nil {
		c.detours = make(map[string]string)
	}
	c.detours[s.wire.Addr()] = s.addr
	return err
}

// addTLSBehindWire has a broker whose plain listener is the wire's speak with
// the others over TLS.
func (c *Cluster) addTLSBehindWire(p map[string]string, listener, wire string) {
	p["advertised.listeners"] = strings.Join([]string{"PLAINTEXT://" + wire, "SSL://" + listener}, ",")
	p["listeners"] += ",SSL://" + listener
	p["security.inter.broker.protocol"] = protocolSSL
	p["ssl.enabled.protocols"] = "TLSv1.2" // the release hangs with what came later
	c.addStores(p, "")
}

// direct returns where a program that Stop ends reaches the brokers without
// their wires, with the settings of its connections; the map is the caller's.
func (c *Cluster) direct() (bootstrap []string, properties map[string]string) {
	properties = make(map[string]string)
	if !c.spec.Wires || !c.release.hasTLSBehindWires() {
		return c.Bootstrap(), properties
	}
	for _, s := range c.brokers {
		bootstrap = append(bootstrap, s.directAddr)
	}
	properties["security.protocol"] = protocolSSL
	properties["ssl.enabled.protocols"] = "TLSv1.2"
	c.addStores(properties, "")
	return bootstrap, properties
}

// detour connects the testbed's clients past the wires, where the brokers
// advertise nothing else.
type detour struct{ *Cluster }

// Dial is what a SOCKS proxy would have.
func (d detour) Dial(network, addr string) (net.Conn, error) {
	d.mu.Lock()
	if behind, ok := d.detours[addr]; ok {
		addr = behind
	}
	d.mu.Unlock()
	return net.DialTimeout(network, addr, dialTimeout)
}
