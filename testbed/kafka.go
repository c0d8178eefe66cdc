package testbed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

// brokerPorts are those of one broker; controller is used without ZooKeeper.
type brokerPorts struct{ client, controller int }

// commonProperties are the settings that every release gets. A release ignores,
// with a warning, those that it does not know.
func commonProperties(brokers int, dataDir string) map[string]string {
	replication := strconv.Itoa(min(3, brokers))
	return map[string]string{
		"log.dirs":                         dataDir,
		"num.network.threads":              "2",
		"num.io.threads":                   "2",
		"background.threads":               "2",
		"log.cleaner.dedupe.buffer.size":   "2097152",
		"log.index.size.max.bytes":         "1048576",
		"delete.topic.enable":              "true", // off by default before 1.0
		"auto.leader.rebalance.enable":     "false",
		"controlled.shutdown.enable":       "true",
		"group.initial.rebalance.delay.ms": "0",
		"group.min.session.timeout.ms":     "1000",
		// A quick second try, for a broker that is told to end while the
		// controller is still busy.
		"controlled.shutdown.retry.backoff.ms":             "200",
		"offsets.topic.num.partitions":                     "4",
		"offsets.topic.replication.factor":                 replication,
		"transaction.state.log.num.partitions":             "4",
		"transaction.state.log.replication.factor":         replication,
		"transaction.state.log.min.isr":                    "1",
		"share.coordinator.state.topic.num.partitions":     "4",
		"share.coordinator.state.topic.replication.factor": replication,
		"share.coordinator.state.topic.min.isr":            "1",
		// A throttled replica that got more than its due waits for eleven windows.
		"replication.quota.window.size.seconds": "60",
	}
}

// brokerProperties returns the server.properties of one broker on ZooKeeper.
func brokerProperties(spec Spec, rel kafkaRelease, id int, ports brokerPorts, connect, dataDir string) map[string]string {
	p := commonProperties(spec.Brokers, dataDir)
	p["broker.id"] = strconv.Itoa(id)
	p["zookeeper.connect"] = connect
	p["zookeeper.session.timeout.ms"] = "3000"
	p["zookeeper.connection.timeout.ms"] = "30000"
	if rel.old() {
		p["host.name"] = "127.0.0.1"
		p["port"] = strconv.Itoa(ports.client)
	} else {
		p["listeners"] = "PLAINTEXT://" + loopback(ports.client)
	}
	maps.Copy(p, spec.Properties)
	maps.Copy(p, spec.BrokerProperties[id])
	return p
}

// addBrokers makes the brokers without starting them.
func (c *Cluster) addBrokers(ctx context.Context, java string) error {
	jars, err := Fetch(ctx, c.release.jars(), c.spec.Log)
	if err != nil {
		return err
	}
	c.kafkaClasspath = filepath.Join(jars, "*")
	c.java = java
	formatted := "" // for controllers
	if c.release.kraft() {
		if formatted, err = c.formattedData(ctx); err != nil {
			return err
		}
	}
	ports := make([]brokerPorts, c.spec.Brokers+c.spec.Controllers)
	for i := range ports {
		ports[i] = brokerPorts{c.ports.take(), c.ports.take()}
	}
	clusterID := newClusterID()
	for id := range c.spec.Brokers {
		dir := filepath.Join(c.dir, fmt.Sprintf("broker-%d", id))
		data := filepath.Join(dir, "data")
		if err := os.MkdirAll(data, 0o755); err != nil {
			return fmt.Errorf("testbed: broker %d: %w", id, err)
		}
		var properties map[string]string
		if c.release.kraft() {
			properties = kraftProperties(c.spec, id, ports, data)
			err = formatKRaft(data, c.combined(formatted), clusterID, id)
		} else {
			properties = brokerProperties(c.spec, c.release, id, ports[id], c.ZooKeeperConnect(), data)
		}
		c.addListeners(properties)
		file := filepath.Join(dir, "server.properties")
		if err := errors.Join(err, writeProperties(file, properties)); err != nil {
			return fmt.Errorf("testbed: broker %d: %w", id, err)
		}
		c.addBroker(id, ports[id], javaCommand(java, c.log4j, c.kafkaClasspath, c.brokerOptions(), "kafka.Kafka", file))
	}
	return c.addControllers(java, clusterID, formatted, ports)
}

func (c *Cluster) addBroker(id int, ports brokerPorts, argv []string) {
	name := fmt.Sprintf("broker %d", id)
	s := &Server{
		name: name,
		id:   id,
		addr: loopback(ports.client),
		proc: c.newProcess(name, fmt.Sprintf("broker-%d", id), argv),
	}
	s.quorumAddr = loopback(ports.controller)
	s.cleared = func(ctx context.Context) error { return c.registry.unregistered(ctx, id) }
	s.ready = func(ctx context.Context) error {
		if err := logHasStarted(s.proc); err != nil {
			return err
		}
		return c.registry.registered(ctx, s)
	}
	c.brokers = append(c.brokers, s)
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
