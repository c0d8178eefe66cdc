package testbed

import (
	"maps"
	"strings"
)

// Dir returns the folder with the cluster's data, settings and logs.
func (c *Cluster) Dir() string { return c.dir }

// Releases returns the releases that run, of Kafka the oldest among the brokers;
// zookeeper is empty where Kafka runs without it.
func (c *Cluster) Releases() (kafka, zookeeper string) { return c.oldest().version, c.spec.ZooKeeper }

// ZooKeeper returns a ZooKeeper server by its index, which counts from 0 and is
// one less than its ID.
func (c *Cluster) ZooKeeper(i int) *Server { return c.zookeepers[i] }

// ZooKeepers returns the ZooKeeper servers by index, observers last. The slice
// is the caller's.
func (c *Cluster) ZooKeepers() []*Server { return append([]*Server(nil), c.zookeepers...) }

// Broker returns a broker by its id.
func (c *Cluster) Broker(id int) *Server { return c.brokers[id] }

// Brokers returns the brokers by id. The slice is the caller's.
func (c *Cluster) Brokers() []*Server { return append([]*Server(nil), c.brokers...) }

// ZooKeeperConnect returns where the ensemble is, in the form of Kafka's
// zookeeper.connect: "127.0.0.1:20001,127.0.0.1:20002/chroot". It is empty
// where there is none.
func (c *Cluster) ZooKeeperConnect() string { return c.connectThrough(nil) }

// connectThrough is ZooKeeperConnect over wires, one for each server, or none.
func (c *Cluster) connectThrough(wires []*Wire) string {
	addrs := addresses(c.zookeepers)
	for i, w := range wires {
		addrs[i] = w.Addr()
	}
	if len(addrs) == 0 {
		return ""
	}
	return strings.Join(addrs, ",") + c.spec.Chroot
}

// Bootstrap returns the addresses of all brokers, as host:port, whether they
// run or not. The slice is the caller's.
func (c *Cluster) Bootstrap() []string { return addresses(c.brokers) }

func addresses(servers []*Server) []string {
	var out []string
	for _, s := range servers {
		out = append(out, s.addr)
	}
	return out
}

// responsive returns the brokers that run and are not frozen. One whose id was
// taken counts only while the one that took it does not: it knows of nothing.
func (c *Cluster) responsive() []*Server {
	c.mu.Lock()
	later := maps.Clone(c.later)
	c.mu.Unlock()
	var out []*Server
	for _, s := range c.brokers {
		if l := later[s.id]; l != nil && l.proc.responsive() {
			s = l
		}
		if s.proc.responsive() {
			out = append(out, s)
		}
	}
	return out
}
