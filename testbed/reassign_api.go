package testbed

import (
	"context"
	"fmt"

	"github.com/IBM/sarama"
)

// apiMover asks the brokers.
type apiMover struct{ *Cluster }

func (m apiMover) set(ctx context.Context, kind sarama.ConfigResourceType, name string, settings map[string]string) error {
	entries := make(map[string]sarama.IncrementalAlterConfigsEntry)
	for key, value := range settings {
		entries[key] = sarama.IncrementalAlterConfigsEntry{Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &value}
		if value == "" {
			entries[key] = sarama.IncrementalAlterConfigsEntry{Operation: sarama.IncrementalAlterConfigsOperationDelete}
		}
	}
	return m.withAdmin(ctx, func(a sarama.ClusterAdmin) error {
		return a.IncrementalAlterConfig(kind, name, entries, false)
	})
}

// move: nil replicas call a move off. The client takes the partitions from 0 on;
// the others are told to stay where they are.
func (m apiMover) move(ctx context.Context, topic string, partition int32, replicas []int32, assigned []Partition) error {
	assignment := make([][]int32, partition+1)
	for p := range assignment {
		assignment[p] = assigned[p].Replicas
	}
	assignment[partition] = replicas
	return m.withAdmin(ctx, func(a sarama.ClusterAdmin) error {
		return a.AlterPartitionReassignments(topic, assignment)
	})
}

// moving asks the active controller, to which a broker without ZooKeeper hands
// the question on.
func (r kraftRegistry) moving(ctx context.Context, topic string) ([]int32, error) {
	all, err := r.partitions(ctx, topic)
	if err != nil {
		return nil, err
	}
	var ids, moving []int32
	for _, p := range all {
		ids = append(ids, p.ID)
	}
	err = r.withAdmin(ctx, func(a sarama.ClusterAdmin) error {
		moving = nil
		status, err := a.ListPartitionReassignments(topic, ids)
		if err != nil {
			return fmt.Errorf("list the reassignments: %w", err)
		}
		for id, s := range status[topic] {
			if len(s.AddingReplicas)+len(s.RemovingReplicas) > 0 {
				moving = append(moving, id)
			}
		}
		return nil
	})
	return moving, err
}
