package testbed

import (
	"maps"
	"strconv"
)

// brokerPorts are those of one broker; controller is used without ZooKeeper.
type brokerPorts struct{ client, controller int }

// commonProperties are the settings that every release gets. A release ignores,
// with a warning, those that it does not know.
func commonProperties(brokers int, dataDirs string) map[string]string {
	replication := strconv.Itoa(min(3, brokers))
	return map[string]string{
		"log.dirs":                         dataDirs,
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
func brokerProperties(spec Spec, rel kafkaRelease, id int, ports brokerPorts, connect, dataDirs string) map[string]string {
	p := commonProperties(spec.Brokers, dataDirs)
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
