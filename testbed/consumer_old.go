package testbed

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-zookeeper/zk"
)

// Where the old consumer keeps its offsets.
const (
	offsetsInZooKeeper = "zookeeper"
	offsetsInKafka     = "kafka"
)

// StartOldConsumer starts the old consumer, whose groups have their members in
// ZooKeeper and their offsets where storage says: in "zookeeper" or in "kafka",
// not in both. It is the release's own console consumer, in a process of its own,
// for releases before 2.0. It returns when it is registered and owns partitions:
// the topics need one for every member. On 0.8 and 0.9 it goes through the wires
// of Spec.Wires.
func (c *Cluster) StartOldConsumer(ctx context.Context, group, storage string, topics ...string) (*Consumer, error) {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	name := c.nextConsumer()
	consumer, err := c.startOldProgram(ctx, name, group, storage, topics)
	if err != nil {
		return nil, fmt.Errorf("testbed: old consumer of group %s: %w", group, err)
	}
	return consumer.joined(ctx, "wait until a member of group "+group+" owns partitions", func() error {
		return c.ownsPartition(ctx, group, oldID(group, name), topics)
	})
}

func (c *Cluster) startOldProgram(ctx context.Context, name, group, storage string, topics []string) (*Consumer, error) {
	rel, classpath, err := c.clientJars(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case !rel.hasOldConsumer():
		return nil, fmt.Errorf("kafka %s has no consumer with members in ZooKeeper; releases before 2.0 have", rel.version)
	case storage != offsetsInZooKeeper && storage != offsetsInKafka:
		return nil, fmt.Errorf("offsets in %q: want %s or %s", storage, offsetsInZooKeeper, offsetsInKafka)
	case len(topics) == 0:
		return nil, errors.New("no topics")
	}
	args := append([]string{"--zookeeper", c.ZooKeeperConnect()}, topicArgs("--whitelist", topics)...)
	fresh, err := c.hasNoOldOffsets(ctx, group, storage)
	if err != nil {
		return nil, err
	}
	// It refuses this where the group has offsets in ZooKeeper; what there is it
	// goes on from.
	if fresh {
		args = append(args, "--from-beginning")
	}
	return c.startProgram(consumerProgram{
		name: name, group: group, properties: oldProperties(name, group, storage),
		classpath: classpath, main: consoleMain, silent: true,
		args: func(file string) []string { return append([]string{"--consumer.config", file}, args...) },
	})
}

// oldProperties returns the settings of the old consumer.
func oldProperties(name, group, storage string) map[string]string {
	return map[string]string{
		"group.id":                     group,
		"consumer.id":                  name,
		"offsets.storage":              storage,
		"dual.commit.enabled":          "false",
		"auto.commit.interval.ms":      "200",
		"zookeeper.session.timeout.ms": "3000",
		"zookeeper.sync.time.ms":       "200",
		"rebalance.backoff.ms":         "500",
		// For longer than the session of a killed member, whose partitions are its
		// own as long.
		"rebalance.max.retries": "20",
	}
}

// oldID is the name under which a member with a consumer.id registers.
func oldID(group, name string) string { return group + "_" + name }

// ownsPartition fails until a member is registered and owns a partition of one
// of the topics.
func (c *Cluster) ownsPartition(ctx context.Context, group, id string, topics []string) error {
	base := "/consumers/" + group
	if _, err := c.znode(ctx, base+"/ids/"+id); err != nil {
		return err
	}
	for _, topic := range topics {
		partitions, err := c.children(ctx, base+"/owners/"+topic)
		if err != nil && !errors.Is(err, zk.ErrNoNode) {
			return err
		}
		for _, partition := range partitions {
			owner, err := c.znode(ctx, base+"/owners/"+topic+"/"+partition)
			if err == nil && strings.HasPrefix(string(owner), id+"-") { // then the thread
				return nil
			}
		}
	}
	return fmt.Errorf("%s owns no partition of %v", id, topics)
}
