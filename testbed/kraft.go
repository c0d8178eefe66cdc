package testbed

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"maps"
	"path/filepath"
	"strconv"
	"strings"
)

// kraftProperties returns the server.properties of one combined node: broker
// and controller in one process.
func kraftProperties(spec Spec, id int, ports []brokerPorts, dataDir string) map[string]string {
	var voters []string
	for i, p := range ports {
		voters = append(voters, fmt.Sprintf("%d@%s", i, loopback(p.controller)))
	}
	own := ports[id]
	p := commonProperties(spec.Brokers, dataDir)
	p["process.roles"] = "broker,controller"
	p["node.id"] = strconv.Itoa(id)
	p["controller.quorum.voters"] = strings.Join(voters, ",")
	p["controller.listener.names"] = "CONTROLLER"
	p["listeners"] = fmt.Sprintf("PLAINTEXT://%s,CONTROLLER://%s", loopback(own.client), loopback(own.controller))
	p["advertised.listeners"] = "PLAINTEXT://" + loopback(own.client)
	p["listener.security.protocol.map"] = "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"
	p["broker.session.timeout.ms"] = "3000"
	p["broker.heartbeat.interval.ms"] = "500"
	maps.Copy(p, spec.Properties)
	maps.Copy(p, spec.BrokerProperties[id])
	return p
}

// formatKRaft writes what the storage tool would write into an empty data
// folder, without the second that its JVM takes.
func formatKRaft(dataDir, clusterID string, id int) error {
	return writeProperties(filepath.Join(dataDir, "meta.properties"), map[string]string{
		"version":    "1",
		"cluster.id": clusterID,
		"node.id":    strconv.Itoa(id),
	})
}

// newClusterID returns a random UUID in Kafka's form: 22 characters of base64.
func newClusterID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	id[0] &= 0x7f           // no leading dash, as Kafka has it
	return base64.RawURLEncoding.EncodeToString(id[:])
}
