package testbed

import (
	"context"
	"errors"
)

// registry is where a cluster keeps its topics and brokers: ZooKeeper, or the
// brokers' own metadata log. Every method makes one attempt.
type registry interface {
	// unregistered fails while a broker that is to start is still registered
	// from its former life.
	unregistered(ctx context.Context, id int) error
	// registered fails until a broker is.
	registered(ctx context.Context, s *Server) error
	// controlled fails while there is no controller.
	controlled(ctx context.Context) error
	createTopic(ctx context.Context, name string, assignment [][]int32, config map[string]string) error
	// addPartitions gives a topic, which has had partitions so far, more.
	addPartitions(ctx context.Context, topic string, present int, assignment [][]int32) error
	deleteTopic(ctx context.Context, name string) error
	// partitions returns errNoTopic for a topic that is not there.
	partitions(ctx context.Context, topic string) ([]Partition, error)
	// elect asks for preferred leaders and returns when the request is consumed.
	elect(ctx context.Context, topic string, partitions []int32) error
	// moving returns the partitions of a topic that are being moved, by id.
	moving(ctx context.Context, topic string) ([]int32, error)
}

var errNoTopic = errors.New("no such topic")

// Partition is what a cluster's registry says of one partition.
type Partition struct {
	ID       int32
	Replicas []int32 // in the order of the assignment: the first is preferred
	Leader   int32   // -1: none
	ISR      []int32
}
