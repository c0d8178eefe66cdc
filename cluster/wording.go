package cluster

import (
	"fmt"
	"strings"
)

// Keys of the troubles that a cluster has once. Those of a broker, a ZooKeeper
// server, a source or a fault carry its name.
const (
	keyEnsemble          = "ensemble"
	keyLeaders           = "ensemble leaders"
	keyUnreachable       = "unreachable"
	keyController        = "controller"
	keyOffline           = "offline"
	keyLeaderUnreachable = "leader unreachable"
	keyReplicasDown      = "under-replicated down"
	keyReplicasLag       = "under-replicated lagging"
	keyReplicasDirs      = "under-replicated log directory"
	keyImbalance         = "imbalance"
	keyMinISR            = "min isr"
	keyHiddenTopics      = "hidden topics"
)

// alerts name the built-in alert that tells of the same as a trouble, by its key.
var alerts = map[string]string{
	keyEnsemble:          "ZooKeeperQuorumLost",
	keyLeaders:           "ZooKeeperMultipleLeaders",
	keyUnreachable:       "KafkaClusterUnreachable",
	keyController:        "KafkaNoController",
	keyOffline:           "KafkaOfflinePartitions",
	keyLeaderUnreachable: "KafkaBrokerUnreachable",
	keyReplicasDown:      "KafkaBrokerDown",
	keyReplicasLag:       "KafkaUnderReplicated",
	keyReplicasDirs:      "KafkaLogDirOffline",
	keyImbalance:         "KafkaLeadershipImbalanced",
	keyMinISR:            "KafkaUnderMinISR",
	"zookeeper":          "ZooKeeperQuorumAtRisk",
}

// Alert names the built-in alert that tells of the same, and so the runbook.
func (t Trouble) Alert() string {
	kind, _, _ := strings.Cut(t.Key, " ")
	switch name, ok := alerts[t.Key]; {
	case ok:
		return name
	case kind == "broker" && (t.State == string(BrokerUnregistered) || t.State == string(BrokerFenced)):
		return "KafkaBrokerDown"
	case kind == "broker" && t.State == string(BrokerUnresolvable):
		return "KafkaAdvertisedListenerUnresolvable"
	case kind == "broker":
		return "KafkaBrokerUnreachable"
	case alerts[kind] != "":
		return alerts[kind]
	default: // what could not be read
		return "EvenkeelCollectorFailing"
	}
}

// BrokerKey is the key of the trouble with a broker.
func BrokerKey(id int32) string { return fmt.Sprintf("broker %d", id) }

var sourceNames = map[Source]string{
	SourceEnsemble:   "ZooKeeper servers' states",
	SourceProbes:     "brokers' states",
	SourceRegistry:   "registered brokers",
	SourcePartitions: "partitions",
	SourceGroups:     "consumer groups",
	SourceOffsets:    "ends of the logs",
	SourceQuorum:     "quorum of the controllers",
	SourceConfigs:    "topics' min.insync.replicas",
}

// explanations say what a state means and where to look.
var explanations = map[string]string{
	string(BrokerRefused):       "connection refused: the process is not running, or listens elsewhere",
	string(BrokerTimeout):       "no answer in time: it hangs, is overloaded, or a firewall drops the packets",
	string(ServerUnresolvable):  "its name does not resolve here",
	string(BrokerTLSError):      "TLS fails: check the certificates and their names on both sides, and that this listener speaks TLS if and only if tls.enabled says so",
	string(BrokerAuthError):     "the login was refused: check mechanism, user and password (kafka.sasl), and that this listener offers the mechanism",
	string(BrokerProtocolError): "it closes the connection, or answers otherwise than Kafka does",
	string(ServerNotServing):    "it runs, but belongs to no quorum",
	string(ServerNotAllowed):    "srvr is not in its 4lw.commands.whitelist",
	string(ServerBadReply):      "it answers, but not as ZooKeeper does",
}

func explain(state string) string {
	if text := explanations[state]; text != "" {
		return text
	}
	return state
}
