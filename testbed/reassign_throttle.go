package testbed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/IBM/sarama"
)

// The settings of a throttle.
const (
	leaderRate       = "leader.replication.throttled.rate"
	followerRate     = "follower.replication.throttled.rate"
	leaderReplicas   = "leader.replication.throttled.replicas"
	followerReplicas = "follower.replication.throttled.replicas"
)

// throttles tells whether the release can slow a reassignment down.
func (r kafkaRelease) throttles() bool { return r.protocol.IsAtLeast(sarama.V0_10_1_0) }

// throttle slows down what the new replicas of a partition copy, and returns
// when all brokers that run know of it: a fetch before that would be free.
func (c *Cluster) throttle(ctx context.Context, p Partition, topic string, replicas []int32, bytesPerSecond int) error {
	var leaders, followers []string
	for _, id := range p.Replicas {
		leaders = append(leaders, fmt.Sprintf("%d:%d", p.ID, id))
	}
	for _, id := range replicas {
		if !slices.Contains(p.Replicas, id) {
			followers = append(followers, fmt.Sprintf("%d:%d", p.ID, id))
		}
	}
	rate := strconv.Itoa(bytesPerSecond)
	throttled := strings.Join(leaders, ",")
	// A setting that does not change would leave no trace in the logs.
	if err := c.unthrottle(ctx, topic); err != nil {
		return err
	}
	known := c.watchLogs()
	err := c.setThrottle(ctx, topic,
		map[string]string{leaderRate: rate, followerRate: rate},
		map[string]string{leaderReplicas: throttled, followerReplicas: strings.Join(followers, ",")})
	if err != nil {
		return err
	}
	return known(ctx, topic, throttled)
}

func (c *Cluster) unthrottle(ctx context.Context, topic string) error {
	if !c.oldest().throttles() {
		return nil
	}
	return c.setThrottle(ctx, topic,
		map[string]string{leaderRate: "", followerRate: ""},
		map[string]string{leaderReplicas: "", followerReplicas: ""})
}

func (c *Cluster) setThrottle(ctx context.Context, topic string, brokers, topics map[string]string) error {
	mover := c.mover()
	var errs []error
	for _, s := range c.responsive() {
		errs = append(errs, mover.set(ctx, sarama.BrokerResource, strconv.Itoa(s.id), brokers))
	}
	return errors.Join(append(errs, mover.set(ctx, sarama.TopicResource, topic, topics))...)
}
