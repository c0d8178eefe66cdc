package testbed

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// kraftProperties returns the server.properties of one broker without
// ZooKeeper, which is a controller as well where the spec wants no separate
// ones. The ports are those of the brokers, then those of the controllers.
func kraftProperties(spec Spec, id int, ports []brokerPorts, dataDir string) map[string]string {
	own := ports[id]
	p := quorumProperties(spec, id, ports, dataDir)
	if spec.Controllers > 0 {
		p["process.roles"] = "broker"
		p["listeners"] = "PLAINTEXT://" + loopback(own.client)
	} else {
		p["process.roles"] = "broker,controller"
		p["listeners"] = fmt.Sprintf("PLAINTEXT://%s,CONTROLLER://%s", loopback(own.client), loopback(own.controller))
	}
	p["advertised.listeners"] = "PLAINTEXT://" + loopback(own.client)
	maps.Copy(p, spec.Properties)
	maps.Copy(p, spec.BrokerProperties[id])
	return p
}

// quorumProperties are the settings of every node without ZooKeeper, whatever
// its part.
func quorumProperties(spec Spec, id int, ports []brokerPorts, dataDir string) map[string]string {
	p := commonProperties(spec.Brokers, dataDir)
	maps.Copy(p, map[string]string{
		"node.id":                        strconv.Itoa(id),
		"controller.quorum.voters":       quorumVoters(spec, ports),
		"controller.listener.names":      "CONTROLLER",
		"listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
		"broker.session.timeout.ms":      "3000",
		"broker.heartbeat.interval.ms":   "500",
		// The brokers, not the members, say how long the members of a group of
		// the newer protocol live.
		"group.consumer.session.timeout.ms":        "3000",
		"group.consumer.min.session.timeout.ms":    "3000",
		"group.consumer.heartbeat.interval.ms":     "500",
		"group.consumer.min.heartbeat.interval.ms": "500",
	})
	return p
}

// quorumVoters names the controllers and where they listen.
func quorumVoters(spec Spec, ports []brokerPorts) string {
	first, controllers := 0, ports
	if spec.Controllers > 0 {
		first, controllers = firstController, ports[spec.Brokers:]
	}
	var voters []string
	for i, p := range controllers {
		voters = append(voters, fmt.Sprintf("%d@%s", first+i, loopback(p.controller)))
	}
	return strings.Join(voters, ",")
}

// formatKRaft writes what the storage tool would write into an empty data
// folder, without the second that its JVM takes. For a controller formatted is
// the folder of formattedData, for a mere broker it is empty.
func formatKRaft(dataDir, formatted, clusterID string, id int) error {
	if formatted != "" {
		if err := os.CopyFS(dataDir, os.DirFS(formatted)); err != nil {
			return err
		}
	}
	return writeMeta(dataDir, clusterID, id)
}

// writeMeta writes what every folder of a node's log.dirs must hold.
func writeMeta(dir, clusterID string, id int) error {
	return writeProperties(filepath.Join(dir, "meta.properties"), map[string]string{
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
