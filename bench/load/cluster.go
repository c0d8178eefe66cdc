//go:build linux

package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/evenkeel/evenkeel/bench/proc"
	"github.com/evenkeel/evenkeel/bench/proxy"
	"github.com/evenkeel/evenkeel/testbed"
)

// Cluster is a running cluster whose clients come through proxies.
type Cluster struct {
	*testbed.Cluster
	Size    Size
	meter   *proxy.Meter
	proxies []*proxy.Proxy
}

// internal is the listener that brokers use among themselves, so that nothing of
// this goes through the proxies.
const internal = "INTERNAL"

// Start starts a cluster of three brokers and one ZooKeeper server, and returns
// when all topics, some messages and all committed offsets are there. log is
// given lines about progress. The caller calls Stop.
func Start(ctx context.Context, size Size, log io.Writer) (c *Cluster, err error) {
	c = &Cluster{Size: size, meter: new(proxy.Meter)}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("make a cluster of size %s: %w", size.Name, err), c.Stop())
			c = nil
		}
	}()
	for range Brokers {
		p, err := proxy.Listen(c.meter)
		if err != nil {
			return c, err
		}
		c.proxies = append(c.proxies, p)
	}
	begun := time.Now()
	if c.Cluster, err = testbed.Start(ctx, c.spec()); err != nil {
		return c, err
	}
	for i, p := range c.proxies {
		p.To(c.Broker(i).Addr())
	}
	fmt.Fprintf(log, "%s: %d brokers and ZooKeeper run after %.1f s\n", size.Name, Brokers, time.Since(begun).Seconds())
	return c, c.fill(ctx, log)
}

// spec describes the cluster. Replicas are single: the machine has to bear all
// brokers of the largest size, and what exporters ask and are told does not grow
// with replicas but for a few bytes.
func (c *Cluster) spec() testbed.Spec {
	spec := testbed.Spec{
		Kafka: Release, Brokers: Brokers, ZooKeepers: 1,
		Listeners:        []testbed.Listener{{Name: internal, Protocol: "SSL"}},
		BrokerProperties: make(map[int]map[string]string),
		// The last of each flag holds. The testbed leaves the JVM's optimizing compiler
		// out; so be it, because that would work for minutes beside what is measured.
		BrokerOptions:    []string{"-Xmx1g"},
		ZooKeeperOptions: []string{"-Xmx512m"},
		Properties: map[string]string{
			"inter.broker.listener.name":       internal,
			"offsets.topic.num.partitions":     "50",
			"offsets.topic.replication.factor": "1",
			// Thousands of logs that are written once: small indexes, one segment,
			// and nothing to do in the background while others are measured.
			"log.index.size.max.bytes":                      "4096",
			"log.segment.bytes":                             "1048576",
			"log.retention.check.interval.ms":               "86400000",
			"log.flush.offset.checkpoint.interval.ms":       "86400000",
			"log.flush.start.offset.checkpoint.interval.ms": "86400000",
			"offsets.retention.check.interval.ms":           "86400000",
			"log.cleaner.enable":                            "false",
			"num.io.threads":                                "4",
			// A broker that makes thousands of partitions may miss some beats.
			"zookeeper.session.timeout.ms": "30000",
		},
	}
	for id, p := range c.proxies {
		spec.BrokerProperties[id] = map[string]string{"advertised.listeners": "PLAINTEXT://" + p.Addr()}
	}
	return spec
}

// Proxied returns the addresses of all brokers, as clients are to use them.
func (c *Cluster) Proxied() []string {
	var out []string
	for _, p := range c.proxies {
		out = append(out, p.Addr())
	}
	return out
}

// Traffic returns what has gone through the proxies so far.
func (c *Cluster) Traffic() proxy.Traffic { return c.meter.Read() }

// BrokersCPU returns the processor time of all brokers together.
func (c *Cluster) BrokersCPU() (time.Duration, error) {
	var sum time.Duration
	for _, b := range c.Brokers() {
		used, err := proc.CPU(b.PID())
		if err != nil {
			return 0, fmt.Errorf("%s: %w", b.Name(), err)
		}
		sum += used
	}
	return sum, nil
}

// Stop ends the cluster and the proxies.
func (c *Cluster) Stop() error {
	for _, p := range c.proxies {
		p.Close()
	}
	if c.Cluster == nil {
		return nil
	}
	return c.Cluster.Stop()
}
