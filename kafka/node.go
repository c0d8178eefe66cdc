package kafka

import (
	"fmt"
	"unicode/utf16"

	"github.com/IBM/sarama"
)

// Node is a broker as it is to be reached.
type Node struct {
	ID           int32  // broker id; -1 for a bootstrap address, whose broker is not known yet
	Addr         string // host:port, dialled by name each time a connection is opened
	Registration int    // version of the JSON in /brokers/ids/ID; 0 when unknown, which is taken for Kafka 0.9
}

// String names the node as a person would look for it.
func (n Node) String() string {
	if n.ID < 0 {
		return "bootstrap address " + n.Addr
	}
	return fmt.Sprintf("broker %d at %s", n.ID, n.Addr)
}

// release is what may be sent to a node.
type release struct {
	version     sarama.KafkaVersion // the oldest release that the node can be: no request newer than it is sent
	apiVersions bool                // whether the node bears an ApiVersions request
}

// release tells by the version of the node's registration how old it can be at
// worst. A newer broker registers in an older shape while its
// inter.broker.protocol.version is old, so the true release is never below this,
// and what it knows of the protocol is a superset.
func (n Node) release() release {
	switch {
	case n.Registration == 1:
		return release{version: sarama.V0_8_2_0}
	case n.Registration == 3:
		return release{version: sarama.V0_10_0_0, apiVersions: true}
	case n.Registration == 4:
		return release{version: sarama.V0_10_2_0, apiVersions: true}
	case n.Registration >= 5:
		return release{version: sarama.V2_6_0_0, apiVersions: true}
	default:
		// 2, and every broker whose registration is not known: it may be a 0.9,
		// the one that ApiVersions harms.
		return release{version: sarama.V0_9_0_1}
	}
}

// HasGroups says whether the node's release knows ListGroups and DescribeGroups,
// which came with Kafka 0.9.
func (n Node) HasGroups() bool { return n.release().version.IsAtLeast(sarama.V0_9_0_0) }

// ListsEmptyGroups says whether ListGroups is sure to name groups that have
// commits but no members. Kafka 0.9 forgets a group with its last member, though
// its commits are still there to be fetched.
func (n Node) ListsEmptyGroups() bool { return n.Registration >= 4 }

// CanFetchAllOffsets says whether the node can be asked for everything that a
// group committed. Below Kafka 0.10.2 partitions have to be named.
func (n Node) CanFetchAllOffsets() bool {
	return n.release().version.IsAtLeast(sarama.V0_10_2_0)
}

// CoordinatorPartition returns the partition of __consumer_offsets that holds the
// commits of a group; the leader of that partition coordinates the group.
// Partitions is the number of partitions that __consumer_offsets has; without any
// the result is -1.
//
// It is Kafka's GroupMetadataManager.partitionFor (OffsetManager.partitionFor in
// 0.8.2): Utils.abs(groupId.hashCode) % partitions, where hashCode is Java's over
// the UTF-16 units of the name, and Utils.abs is the absolute value except that it
// takes Integer.MIN_VALUE to 0. (It is not the mask n & 0x7fffffff by which
// producers turn the hash of a key into a partition.)
func CoordinatorPartition(group string, partitions int32) int32 {
	if partitions <= 0 {
		return -1
	}
	var hash int32
	for _, unit := range utf16.Encode([]rune(group)) {
		hash = 31*hash + int32(unit)
	}
	if hash < 0 {
		hash = max(-hash, 0) // -MIN_VALUE is MIN_VALUE again, and Kafka's abs makes it 0
	}
	return hash % partitions
}
