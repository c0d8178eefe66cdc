package zookeeper

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/cluster"
)

// topicJSON is the data of /brokers/topics/TOPIC. What a reassignment adds and
// removes is recorded from Kafka 2.4 on, the id from 2.8.
type topicJSON struct {
	ID         string             `json:"topic_id"`
	Partitions map[string][]int32 `json:"partitions"`
	Adding     map[string][]int32 `json:"adding_replicas"`
	Removing   map[string][]int32 `json:"removing_replicas"`
}

// parseTopic reads a topic's id, "" where it has none, and its assignment: its
// partitions by id, of which nothing but the assignment is known. A topic without
// data is one without partitions.
func parseTopic(data []byte) (topicID string, partitions []cluster.Partition, err error) {
	if len(data) == 0 {
		return "", nil, nil
	}
	var raw topicJSON
	if err = json.Unmarshal(data, &raw); err != nil {
		return "", nil, err
	}
	if raw.Partitions == nil {
		return "", nil, errors.New("it has no partitions")
	}
	partitions, err = raw.partitions()
	return raw.ID, partitions, err
}

func (raw topicJSON) partitions() ([]cluster.Partition, error) {
	partitions := make([]cluster.Partition, 0, len(raw.Partitions))
	for key, replicas := range raw.Partitions {
		id, err := parseID(key)
		if err != nil {
			return nil, fmt.Errorf("partition %w", err)
		}
		if err := checkReplicas(replicas); err != nil {
			return nil, fmt.Errorf("partition %d: %w", id, err)
		}
		partitions = append(partitions, cluster.Partition{ID: id, Replicas: replicas, Leader: cluster.NoLeader, Version: cluster.NoVersion})
	}
	slices.SortFunc(partitions, func(a, b cluster.Partition) int { return int(a.ID - b.ID) })
	if err := addMoves(partitions, raw); err != nil {
		return nil, err
	}
	return partitions, nil
}

// addMoves adds what the topic's znode records of a reassignment.
func addMoves(partitions []cluster.Partition, raw topicJSON) error {
	for _, moved := range []map[string][]int32{raw.Adding, raw.Removing} {
		for key, replicas := range moved {
			if _, known := raw.Partitions[key]; !known {
				return fmt.Errorf("it moves replicas of partition %.40q, which it does not have", key)
			}
			if err := checkReplicas(replicas); err != nil {
				return fmt.Errorf("moved replicas of partition %s: %w", key, err)
			}
		}
	}
	if len(raw.Adding) == 0 && len(raw.Removing) == 0 {
		return nil
	}
	for i := range partitions {
		p := &partitions[i]
		key := fmt.Sprint(p.ID)
		p.Adding = raw.Adding[key]
		p.Reassigning = len(p.Adding) > 0 || len(raw.Removing[key]) > 0
	}
	return nil
}

// checkReplicas refuses what is no list of different brokers. It may be empty.
func checkReplicas(replicas []int32) error {
	if replicas == nil {
		return errors.New("no list of replicas")
	}
	for i, r := range replicas {
		if r < 0 || slices.Contains(replicas[:i], r) {
			return fmt.Errorf("%v is no list of replicas", replicas[:min(len(replicas), 16)])
		}
	}
	return nil
}

// partitionKey names a partition.
type partitionKey struct {
	topic     string
	partition int32
}

// parseReassignment reads /admin/reassign_partitions: the replicas that each
// partition being moved is to have in the end.
func parseReassignment(data []byte) (map[partitionKey][]int32, error) {
	var raw struct {
		Partitions []struct {
			Topic     string  `json:"topic"`
			Partition *int32  `json:"partition"`
			Replicas  []int32 `json:"replicas"`
		} `json:"partitions"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, err
	}
	targets := make(map[partitionKey][]int32, len(raw.Partitions))
	for _, move := range raw.Partitions {
		if move.Topic == "" || move.Partition == nil || *move.Partition < 0 {
			return nil, errors.New("an entry names no partition")
		}
		if err := checkReplicas(move.Replicas); err != nil {
			return nil, fmt.Errorf("%.80s partition %d: %w", strings.ToValidUTF8(move.Topic, "?"), *move.Partition, err)
		}
		targets[partitionKey{move.Topic, *move.Partition}] = move.Replicas
	}
	return targets, nil
}
