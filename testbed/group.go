package testbed

import (
	"context"
	"errors"
	"fmt"

	"github.com/IBM/sarama"
	"github.com/go-zookeeper/zk"
)

// members returns how many members a group has, once it has settled. The first
// question to a cluster creates the offsets topic and so takes some seconds.
func (c *Cluster) members(ctx context.Context, group string) (int, error) {
	n := 0
	err := waitFor(ctx, "count the members of group "+group, func() (err error) {
		n, err = c.groupMembers(ctx, group)
		return err
	})
	return n, err
}

// groupMembers makes one attempt; it fails while the group is rebalancing.
func (c *Cluster) groupMembers(ctx context.Context, group string) (int, error) {
	if c.oldest().console == consoleZooKeeper {
		return c.oldMembers(ctx, group)
	}
	n := 0
	err := c.withClient(ctx, func(client sarama.Client) error {
		broker, err := client.Coordinator(group)
		if err != nil {
			return err
		}
		response, err := broker.DescribeGroups(&sarama.DescribeGroupsRequest{Groups: []string{group}})
		if err != nil {
			return err
		}
		if len(response.Groups) != 1 {
			return fmt.Errorf("asked for one group, got %d", len(response.Groups))
		}
		described := response.Groups[0]
		if described.Err != sarama.ErrNoError {
			return described.Err
		}
		switch described.State {
		case "Stable", "Empty", "Dead":
			n = len(described.Members)
			return nil
		default:
			return fmt.Errorf("it is in state %s", described.State)
		}
	})
	return n, err
}

// oldMembers counts the members that the old consumer keeps in ZooKeeper.
func (c *Cluster) oldMembers(ctx context.Context, group string) (int, error) {
	members, err := c.children(ctx, "/consumers/"+group+"/ids")
	if errors.Is(err, zk.ErrNoNode) {
		return 0, nil
	}
	return len(members), err
}

// hasNoOldOffsets tells whether nobody has committed to ZooKeeper for a group of
// the old consumer, or will before a further member, which itself commits to
// storage, is up.
func (c *Cluster) hasNoOldOffsets(ctx context.Context, group, storage string) (bool, error) {
	_, err := c.znode(ctx, "/consumers/"+group+"/offsets")
	switch {
	case err == nil:
		return false, nil
	case !errors.Is(err, zk.ErrNoNode):
		return false, err
	case storage == offsetsInKafka:
		return true, nil
	}
	members, err := c.oldMembers(ctx, group)
	return members == 0, err
}

// committed returns what a group has committed, to Kafka, for partitions of a
// topic, by partition; those without are absent.
func (c *Cluster) committed(ctx context.Context, group, topic string, partitions []int32) (map[int32]int64, error) {
	request := &sarama.OffsetFetchRequest{Version: 1, ConsumerGroup: group} // v0 asks ZooKeeper
	for _, partition := range partitions {
		request.AddPartition(topic, partition)
	}
	offsets := make(map[int32]int64)
	err := c.withClient(ctx, func(client sarama.Client) error {
		broker, err := client.Coordinator(group)
		if err != nil {
			return err
		}
		response, err := broker.FetchOffset(request)
		if err != nil {
			return err
		}
		for _, partition := range partitions {
			block := response.GetBlock(topic, partition)
			switch {
			case block == nil:
				return fmt.Errorf("the answer does not mention %s/%d", topic, partition)
			case block.Err != sarama.ErrNoError:
				return block.Err
			case block.Offset >= 0:
				offsets[partition] = block.Offset
			}
		}
		return nil
	})
	return offsets, err
}
