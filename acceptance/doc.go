// Package acceptance runs the built binary as a user runs it, against real
// ZooKeeper and Kafka processes, and judges what it says. Its tests carry the
// build tag cluster.
package acceptance
