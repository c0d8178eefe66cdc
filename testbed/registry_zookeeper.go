package testbed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-zookeeper/zk"
)

// zkRegistry keeps a cluster's topics and brokers in ZooKeeper. What it does
// there is what Kafka's own tools did in the releases of their time; it works
// on all of them.
type zkRegistry struct{ *Cluster }

func (r zkRegistry) registered(ctx context.Context, s *Server) error {
	_, err := r.znode(ctx, "/brokers/ids/"+strconv.Itoa(s.id))
	return err
}

func (r zkRegistry) unregistered(ctx context.Context, id int) error {
	switch _, err := r.znode(ctx, "/brokers/ids/"+strconv.Itoa(id)); {
	case err == nil:
		return fmt.Errorf("broker %d is still registered by its former session", id)
	case errors.Is(err, zk.ErrNoNode):
		return nil
	default:
		return err
	}
}

func (r zkRegistry) controlled(ctx context.Context) error {
	_, err := r.znode(ctx, "/controller")
	return err
}

func (r zkRegistry) createTopic(ctx context.Context, name string, assignment [][]int32, config map[string]string) error {
	partitions := make(map[string][]int32)
	for p, replicas := range assignment {
		partitions[strconv.Itoa(p)] = replicas
	}
	if config == nil {
		config = map[string]string{}
	}
	// The settings first: the controller acts on the topic's znode.
	settings, err := json.Marshal(map[string]any{"version": 1, "config": config})
	if err != nil {
		return err
	}
	topic, err := json.Marshal(map[string]any{"version": 1, "partitions": partitions})
	if err != nil {
		return err
	}
	if err := r.createZnode(ctx, "/config/topics/"+name, settings); err != nil {
		return err
	}
	return r.createZnode(ctx, "/brokers/topics/"+name, topic)
}

// addPartitions leaves what else newer releases keep in the topic's znode.
func (r zkRegistry) addPartitions(ctx context.Context, topic string, present int, assignment [][]int32) error {
	name := "/brokers/topics/" + topic
	data, version, err := r.versioned(ctx, name)
	if err != nil {
		return err
	}
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(data, &whole); err != nil {
		return fmt.Errorf("znode of topic %s: %w", topic, err)
	}
	var partitions map[string][]int32
	if err := json.Unmarshal(whole["partitions"], &partitions); err != nil {
		return fmt.Errorf("znode of topic %s: %w", topic, err)
	}
	for i, replicas := range assignment {
		partitions[strconv.Itoa(present+i)] = replicas
	}
	if whole["partitions"], err = json.Marshal(partitions); err != nil {
		return err
	}
	if data, err = json.Marshal(whole); err != nil {
		return err
	}
	return r.setZnode(ctx, name, data, version)
}

func (r zkRegistry) deleteTopic(ctx context.Context, name string) error {
	return r.createZnode(ctx, "/admin/delete_topics/"+name, nil)
}

func (r zkRegistry) partitions(ctx context.Context, topic string) ([]Partition, error) {
	data, err := r.znode(ctx, "/brokers/topics/"+topic)
	if errors.Is(err, zk.ErrNoNode) {
		return nil, errNoTopic
	}
	if err != nil {
		return nil, err
	}
	var assigned struct{ Partitions map[string][]int32 }
	if err := json.Unmarshal(data, &assigned); err != nil {
		return nil, fmt.Errorf("znode of topic %s: %w", topic, err)
	}
	out := make([]Partition, len(assigned.Partitions))
	for i := range out {
		out[i] = Partition{ID: int32(i), Leader: -1, Replicas: assigned.Partitions[strconv.Itoa(i)]}
		data, err := r.znode(ctx, fmt.Sprintf("/brokers/topics/%s/partitions/%d/state", topic, i))
		if errors.Is(err, zk.ErrNoNode) {
			continue // the controller has not got to it yet
		}
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(data, &out[i]); err != nil {
			return nil, fmt.Errorf("znode of partition %s/%d: %w", topic, i, err)
		}
	}
	return out, nil
}

const electionZnode = "/admin/preferred_replica_election"

func (r zkRegistry) elect(ctx context.Context, topic string, partitions []int32) error {
	type partition struct {
		Topic     string `json:"topic"`
		Partition int32  `json:"partition"`
	}
	var list []partition
	for _, p := range partitions {
		list = append(list, partition{topic, p})
	}
	data, err := json.Marshal(map[string]any{"version": 1, "partitions": list})
	if err != nil {
		return err
	}
	// An election of somebody else's may be under way; it takes milliseconds.
	err = waitFor(ctx, "ask for an election", func() error {
		err := r.createZnode(ctx, electionZnode, data)
		if err != nil && !errors.Is(err, zk.ErrNodeExists) {
			return permanent{err}
		}
		return err
	})
	if err != nil {
		return err
	}
	return waitFor(ctx, "wait until the controller has taken the election", func() error {
		_, err := r.znode(ctx, electionZnode)
		if errors.Is(err, zk.ErrNoNode) {
			return nil
		}
		return errors.Join(errors.New("the election is still there"), err)
	})
}
