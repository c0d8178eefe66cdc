package testbed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/IBM/sarama"
	"github.com/go-zookeeper/zk"
)

const reassignZnode = "/admin/reassign_partitions"

// znodeMover writes into ZooKeeper what Kafka's tools wrote before 2.4.
type znodeMover struct{ *Cluster }

func (m znodeMover) set(ctx context.Context, kind sarama.ConfigResourceType, name string, settings map[string]string) error {
	entity := "topics/" + name
	if kind == sarama.BrokerResource {
		entity = "brokers/" + name
	}
	config := map[string]string{}
	switch data, err := m.znode(ctx, "/config/"+entity); {
	case err == nil:
		var old struct{ Config map[string]string }
		if err := json.Unmarshal(data, &old); err != nil {
			return fmt.Errorf("znode /config/%s: %w", entity, err)
		}
		if old.Config != nil {
			config = old.Config
		}
	case !errors.Is(err, zk.ErrNoNode):
		return err
	}
	for key, value := range settings {
		if config[key] = value; value == "" {
			delete(config, key)
		}
	}
	data, err := json.Marshal(map[string]any{"version": 1, "config": config})
	if err != nil {
		return err
	}
	// Before 1.0 nobody makes this one until there is a setting of a broker.
	if err := m.createPath(ctx, m.Path("/config/brokers")); err != nil {
		return err
	}
	if err := m.putZnode(ctx, "/config/"+entity, data); err != nil {
		return err
	}
	// The brokers watch nothing but the notifications.
	change, err := json.Marshal(map[string]any{"version": 2, "entity_path": entity})
	if err != nil {
		return err
	}
	_, err = await(ctx, func() (string, error) {
		return m.ZK().Create(m.Path("/config/changes/config_change_"), change, zk.FlagSequence, zk.WorldACL(zk.PermAll))
	})
	return err
}

// putZnode writes a znode, which it creates if need be.
func (c *Cluster) putZnode(ctx context.Context, name string, data []byte) error {
	err := c.createZnode(ctx, name, data)
	if !errors.Is(err, zk.ErrNodeExists) {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err = await(ctx, func() (*zk.Stat, error) { return c.ZK().Set(c.Path(name), data, -1) })
	return err
}

func (m znodeMover) move(ctx context.Context, topic string, partition int32, replicas []int32, _ []Partition) error {
	data, err := json.Marshal(reassignments{Version: 1, Partitions: []reassignment{{topic, partition, replicas}}})
	if err != nil {
		return err
	}
	return m.createZnode(ctx, reassignZnode, data)
}

// reassignments is what reassignZnode holds while partitions are being moved.
type reassignments struct {
	Version    int            `json:"version"`
	Partitions []reassignment `json:"partitions"`
}

type reassignment struct {
	Topic     string  `json:"topic"`
	Partition int32   `json:"partition"`
	Replicas  []int32 `json:"replicas"`
}

// moving reads the request, which is there until it is done if it was made by
// znode, and the topic, which from 2.4 says what is under way.
func (r zkRegistry) moving(ctx context.Context, topic string) ([]int32, error) {
	found := make(map[int32]bool)
	data, err := r.znode(ctx, reassignZnode)
	if err == nil {
		var requested reassignments
		if err := json.Unmarshal(data, &requested); err != nil {
			return nil, fmt.Errorf("znode %s: %w", reassignZnode, err)
		}
		for _, p := range requested.Partitions {
			if p.Topic == topic {
				found[p.Partition] = true
			}
		}
	} else if !errors.Is(err, zk.ErrNoNode) {
		return nil, err
	}
	if data, err = r.znode(ctx, "/brokers/topics/"+topic); err != nil {
		return nil, err
	}
	var state struct {
		Adding   map[string][]int32 `json:"adding_replicas"`
		Removing map[string][]int32 `json:"removing_replicas"`
	}
	if err := json.Unmarshal(data, &state); err != nil {
		return nil, fmt.Errorf("znode of topic %s: %w", topic, err)
	}
	for _, changes := range []map[string][]int32{state.Adding, state.Removing} {
		for key, replicas := range changes {
			id, err := strconv.ParseInt(key, 10, 32)
			if err != nil {
				return nil, fmt.Errorf("znode of topic %s: %w", topic, err)
			}
			if len(replicas) > 0 {
				found[int32(id)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}
