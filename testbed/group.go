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
	members, err := await(ctx, func() ([]string, error) {
		members, _, err := c.ZK().Children(c.Path("/consumers/" + group + "/ids"))
		return members, err
	})
	if errors.Is(err, zk.ErrNoNode) {
		return 0, nil
	}
	return len(members), err
}

// hasOldOffsets tells whether the old consumer has committed for a group.
func (c *Cluster) hasOldOffsets(ctx context.Context, group string) bool {
	_, err := c.znode(ctx, "/consumers/"+group+"/offsets")
	return err == nil
}
