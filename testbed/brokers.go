package testbed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
)

// nodes is what brokers and separate controllers have in common.
type nodes struct {
	// ports are those of the brokers, then those of the controllers.
	ports     []brokerPorts
	clusterID string // without ZooKeeper
	formatted string // the folder of formattedData, without ZooKeeper
}

// addBrokers makes the brokers without starting them.
func (c *Cluster) addBrokers(ctx context.Context, java string) error {
	jars, err := Fetch(ctx, c.release.jars(), c.spec.Log)
	if err != nil {
		return err
	}
	c.kafkaClasspath = filepath.Join(jars, "*")
	c.java = java
	c.nodes.clusterID = newClusterID()
	if c.release.kraft() {
		if c.nodes.formatted, err = c.formattedData(ctx); err != nil {
			return err
		}
	}
	for range c.spec.Brokers + c.spec.Controllers {
		c.nodes.ports = append(c.nodes.ports, brokerPorts{c.ports.take(), c.ports.take()})
	}
	for id := range c.spec.Brokers {
		s, listeners, err := c.newBroker(brokerPlan{
			id: id, name: fmt.Sprintf("broker %d", id), folder: fmt.Sprintf("broker-%d", id),
			nodes: c.nodes.ports, ports: c.ports,
		})
		if err != nil {
			return fmt.Errorf("testbed: broker %d: %w", id, err)
		}
		c.brokers = append(c.brokers, s)
		for i, l := range c.spec.Listeners {
			c.security.listeners[l.Name] = append(c.security.listeners[l.Name], listeners[i])
		}
	}
	return c.addControllers(java)
}

// brokerPlan says which broker to make.
type brokerPlan struct {
	id           int
	name, folder string
	nodes        []brokerPorts // of all nodes, as this one is to see them
	ports        *portSet      // for its further listeners
}

// newBroker makes a broker without starting it, and returns its addresses on
// Spec.Listeners as well.
func (c *Cluster) newBroker(plan brokerPlan) (s *Server, listeners []string, err error) {
	dir := filepath.Join(c.dir, plan.folder)
	data := filepath.Join(dir, "data")
	if err := os.MkdirAll(data, 0o755); err != nil {
		return nil, nil, err
	}
	own := plan.nodes[plan.id]
	s = &Server{name: plan.name, id: plan.id, addr: loopback(own.client), quorumAddr: loopback(own.controller)}
	if s.disks, err = c.newDisks(dir); err != nil {
		return nil, nil, err
	}
	if s.zkWires, err = c.zooKeeperWires(); err != nil {
		return nil, nil, err
	}
	var properties map[string]string
	if c.release.kraft() {
		properties = kraftProperties(c.spec, plan.id, plan.nodes, data)
		err = formatKRaft(data, c.combined(c.nodes.formatted), c.nodes.clusterID, plan.id)
		for _, d := range s.disks {
			err = errors.Join(err, writeMeta(d.path, c.nodes.clusterID, plan.id))
		}
	} else {
		properties = brokerProperties(c.spec, c.release, plan.id, own, c.connectThrough(s.zkWires), data)
	}
	c.addDisks(properties, s.disks)
	err = errors.Join(err, c.addWire(s, properties, plan.ports))
	listeners = c.addListeners(properties, plan.ports)
	file := filepath.Join(dir, "server.properties")
	if err := errors.Join(err, writeProperties(file, properties)); err != nil {
		return nil, nil, err
	}
	s.proc = c.newProcess(plan.name, plan.folder, javaCommand(c.java, c.log4j, c.kafkaClasspath, c.brokerOptions(), "kafka.Kafka", file))
	s.cleared = func(ctx context.Context) error { return c.registry.unregistered(ctx, plan.id) }
	s.ready = func(ctx context.Context) error {
		if err := logHasStarted(s.proc); err != nil {
			return err
		}
		return c.registry.registered(ctx, s)
	}
	return s, listeners, c.setClock(s)
}

// startedLine is what a broker logs when its start is over: "[Kafka Server 0],
// started" up to 0.10, "[KafkaServer id=0] started" from 1.0, and
// "[KafkaRaftServer nodeId=0] Kafka Server started" without ZooKeeper. It
// registers and listens some time before that.
var startedLine = regexp.MustCompile(`\[Kafka ?Server (id=)?\d+\],? started|\[KafkaRaftServer nodeId=\d+\] Kafka Server started`)

// logHasStarted looks for startedLine in the log of the process's present life.
func logHasStarted(p *process) error {
	f, err := os.Open(p.log)
	if err != nil {
		return err
	}
	defer f.Close()
	log, err := io.ReadAll(io.NewSectionReader(f, p.logStart(), 1<<30))
	if err != nil {
		return err
	}
	if !startedLine.Match(log) {
		last := bytes.TrimSpace(log)
		return fmt.Errorf("%s has not finished its start; its log %s ends with %q", p.name, p.log, last[bytes.LastIndexByte(last, '\n')+1:])
	}
	return nil
}
