//go:build cluster

package testbed

import (
	"errors"
	"fmt"
	"testing"

	"github.com/IBM/sarama"
)

// TestWithoutZooKeeper has one cluster with separate controllers for all that
// only a new release shows.
func TestWithoutZooKeeper(t *testing.T) {
	c := begin(t, Spec{Kafka: "4.4.0", Controllers: 3})
	if len(c.Brokers()) != 2 || len(c.Controllers()) != 3 || c.Controllers()[2].ID() != 3002 {
		t.Fatalf("%d brokers, controllers %v", len(c.Brokers()), c.Controllers())
	}
	t.Run("reassignment", func(t *testing.T) { reassign(t, c) })
	t.Run("members", func(t *testing.T) { joinAndLose(t, c) })
	t.Run("controllers", func(t *testing.T) { loseNodes(t, c) })
}

// loseNodes loses and regains the active controller and a broker.
func loseNodes(t *testing.T, c *Cluster) {
	ctx := t.Context()
	must(t, c.CreateTopic(ctx, "test", [][]int32{{0, 1}, {1, 0}}))
	leader, err := c.Controller(ctx)
	must(t, err)
	must(t, leader.Kill())
	must(t, waitFor(ctx, "wait for another controller", func() error {
		now, err := c.Controller(ctx)
		if err == nil && now == leader {
			err = errors.New("it is still the killed one")
		}
		return err
	}))
	must(t, c.Broker(0).Kill())
	must(t, c.AwaitTopic(ctx, "test", func(p []Partition) bool { return p[0].Leader == 1 }))
	must(t, leader.Start(ctx))
	must(t, c.Broker(0).Start(ctx))
	must(t, c.AwaitTopic(ctx, "test", whole))
	must(t, c.Controllers()[0].Freeze())
	must(t, c.Controllers()[0].Thaw())
}

// joinAndLose takes two members of a group of the newer protocol in and kills
// one.
func joinAndLose(t *testing.T, c *Cluster) {
	ctx := t.Context()
	must(t, c.CreateTopic(ctx, "read", [][]int32{{0}, {1}}))
	first, err := c.StartConsumerWith(ctx, "members", "consumer", "read")
	must(t, err)
	if !first.Process() {
		t.Error("the member is not a process")
	}
	second, err := c.StartConsumerWith(ctx, "members", "consumer", "read")
	must(t, err)
	awaitGroupType(t, c, "members", "consumer")
	before := len(tail(first.LogFile(), 1000))
	must(t, second.Kill())
	must(t, waitFor(ctx, "wait until the other member takes over", func() error {
		return logged(first.LogFile(), int64(before), assignedLine)
	}))
	must(t, first.Freeze())
	must(t, first.Thaw())
	must(t, first.Stop())
}

// awaitGroupType waits until a broker lists a group with a type.
func awaitGroupType(t *testing.T, c *Cluster, group, want string) {
	t.Helper()
	must(t, waitFor(t.Context(), "list group "+group, func() error {
		return c.withClient(t.Context(), func(client sarama.Client) error {
			broker, err := client.Coordinator(group)
			if err != nil {
				return err
			}
			response, err := broker.ListGroups(&sarama.ListGroupsRequest{Version: 5})
			if err != nil {
				return err
			}
			if got := response.GroupsData[group].GroupType; got != want {
				return fmt.Errorf("its type is %q, want %q", got, want)
			}
			return nil
		})
	}))
}

// TestKRaftOnOldReleases starts the releases that also know ZooKeeper.
func TestKRaftOnOldReleases(t *testing.T) {
	for _, spec := range []Spec{{Kafka: "3.3.2", Brokers: 1}, {Kafka: "3.9.2", Controllers: 1, Brokers: 1}} {
		t.Run(spec.Kafka, func(t *testing.T) {
			spec.KRaft = true
			c := begin(t, spec)
			must(t, c.CreateTopic(t.Context(), "test", [][]int32{{0}}))
			controller, err := c.Controller(t.Context())
			must(t, err)
			if want := c.quorum()[0]; controller != want {
				t.Errorf("%s is the controller, want %s", controller.Name(), want.Name())
			}
			if c.ZooKeeperConnect() != "" {
				t.Errorf("ZooKeeper at %s", c.ZooKeeperConnect())
			}
		})
	}
}
