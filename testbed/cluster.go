package testbed

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"
)

// Cluster is a running ZooKeeper ensemble and Kafka cluster, or a Kafka cluster
// alone where it needs no ZooKeeper. Its methods may be called from several
// goroutines.
type Cluster struct {
	spec           Spec
	release        kafkaRelease
	dir            string
	lock           *os.File // of a temporary dir
	log4j          string   // path of log4j.properties
	java           string
	clockLibrary   string // with Spec.MovableClocks
	kafkaClasspath string
	ports          *portSet
	zookeepers     []*Server
	brokers        []*Server
	controllers    []*Server // separate ones
	registry       registry
	security       security
	nodes          nodes
	zkWires        []*Wire // before each ZooKeeper server, for clients

	mu        sync.Mutex
	zk        *zk.Conn // made when first needed
	processes []*process
	upgraded  map[int]kafkaRelease // what a broker is now, by id
	consumers int                  // processes that read, started so far
	later     map[int]*Server      // who has taken an id last
	takers    []*portSet           // of every broker started by TakeID
	wires     []*Wire
	detours   map[string]string // what stands behind a wire, by the wire's address
	diskFiles []*os.File
	writers   []writer
	groups    []*Consumer // those in this process
	stop      func() error
	stopped   bool
}

// Start starts a cluster and returns when it is whole: a leader in the
// ensemble, every broker registered, done with its start and aware of the
// others, and a controller. The caller calls Stop. If Start fails, nothing is
// left running; the error names the process that failed and ends with its log.
func Start(ctx context.Context, spec Spec) (*Cluster, error) {
	spec, rel, err := spec.withDefaults()
	if err != nil {
		return nil, err
	}
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	c := &Cluster{spec: spec, release: rel}
	c.stop = sync.OnceValue(c.stopAll)
	c.registry = zkRegistry{c}
	if rel.kraft() {
		c.registry = kraftRegistry{c}
	}
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context) error {
	java, err := findJava("java")
	if err != nil {
		return err
	}
	if err := c.makeDir(); err != nil {
		return err
	}
	if c.ports, err = claimPorts(4*(c.spec.ZooKeepers+c.spec.Observers) + 2*(c.spec.Brokers+c.spec.Controllers) + c.spec.securityPorts() + c.spec.Brokers*c.release.wirePorts(c.spec)); err != nil {
		return err
	}
	if err := c.startSecurity(ctx); err != nil {
		return err
	}
	if c.spec.MovableClocks {
		if c.clockLibrary, err = clockLibrary(ctx); err != nil {
			return err
		}
	}
	if c.spec.ZooKeepers > 0 {
		if err := c.startZooKeepers(ctx, java); err != nil {
			return err
		}
	}
	if c.spec.Brokers > 0 {
		return c.startBrokers(ctx, java)
	}
	return nil
}

func (c *Cluster) startZooKeepers(ctx context.Context, java string) error {
	begin := time.Now()
	err := c.addZooKeepers(ctx, java)
	if err != nil {
		return err
	}
	if err := launch(ctx, c.zookeepers); err != nil {
		return err
	}
	if err := c.createPath(ctx, c.spec.Chroot); err != nil {
		return err
	}
	if c.zkWires, err = c.zooKeeperWires(); err != nil {
		return err
	}
	progress(c.spec.Log, "ZooKeeper %s: %d servers serve after %.1f s", c.spec.ZooKeeper, c.spec.ZooKeepers, time.Since(begin).Seconds())
	return nil
}

func (c *Cluster) startBrokers(ctx context.Context, java string) error {
	begin := time.Now()
	if err := c.addBrokers(ctx, java); err != nil {
		return err
	}
	if err := launch(ctx, append(c.Controllers(), c.brokers...)); err != nil {
		return err
	}
	if err := c.awaitWhole(ctx); err != nil {
		return err
	}
	if err := c.createUsers(ctx); err != nil {
		return err
	}
	progress(c.spec.Log, "Kafka %s: %d brokers serve after %.1f s", c.spec.Kafka, c.spec.Brokers, time.Since(begin).Seconds())
	return nil
}

// launch starts servers side by side and returns when all of them serve.
func launch(ctx context.Context, servers []*Server) error {
	for _, s := range servers {
		if s.Running() { // with the one before, in the same JVM
			continue
		}
		if err := s.proc.start(); err != nil {
			return err
		}
	}
	for _, s := range servers {
		if err := s.await(ctx); err != nil {
			return err
		}
	}
	return nil
}

// awaitWhole returns when there is a controller and every broker knows all
// brokers; on 0.8 they hear of each other with the first topic.
func (c *Cluster) awaitWhole(ctx context.Context) error {
	return waitFor(ctx, "wait until the brokers know each other", func() error {
		if err := c.registry.controlled(ctx); err != nil {
			return err
		}
		for _, s := range c.brokers {
			// The controller may be unable to reach a broker with an address of
			// the test's own making, which then never learns of anything.
			if c.release.old() || c.advertises(s.id) {
				continue
			}
			if err := c.knowsBrokers(s, len(c.brokers)); err != nil {
				return err
			}
		}
		return nil
	})
}

// advertises tells whether the spec has a broker name an address for itself.
func (c *Cluster) advertises(id int) bool {
	for _, properties := range []map[string]string{c.spec.Properties, c.spec.BrokerProperties[id]} {
		for key := range properties {
			if strings.HasPrefix(key, "advertised.") {
				return true
			}
		}
	}
	return false
}

// newProcess registers a process, so that Stop ends it, without starting it.
func (c *Cluster) newProcess(name, file string, argv []string) *process {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := &process{name: name, argv: argv, log: filepath.Join(c.dir, file+".log"), retired: c.stopped}
	c.processes = append(c.processes, p)
	return p
}
