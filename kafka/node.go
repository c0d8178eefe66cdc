package kafka

import (
	"fmt"
	"unicode/utf16"
)

// Node is a broker as it is to be reached.
type Node struct {
	ID           int32  // broker id; -1 for a bootstrap address, whose broker is not known yet
	Addr         string // host:port, dialled by name each time a connection is opened
	Registration int    // version of the JSON in /brokers/ids/ID; 0 when unknown, as of a broker learnt from others
}

// String names the node as a person would look for it.
func (n Node) String() string {
	if n.ID < 0 {
		return "bootstrap address " + n.Addr
	}
	return fmt.Sprintf("broker %d at %s", n.ID, n.Addr)
}

// caution tells by the version of the node's registration how it has to be
// approached. A newer broker registers in an older shape while its
// inter.broker.protocol.version is old, so the true release is never below it.
func (n Node) caution() caution {
	switch {
	case n.Registration == 1:
		return is08
	case n.Registration >= 3:
		return asksVersions
	case n.Registration == 2:
		return since09
	default:
		return anyRelease
	}
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
