package testbed

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/IBM/sarama"
)

// CreateTopic creates a topic whose partition p is assigned to the brokers
// assignment[p], the first of which is the preferred leader. It returns when
// every partition has a leader and all its replicas in the ISR, and every
// broker that runs and is not frozen knows the topic.
func (c *Cluster) CreateTopic(ctx context.Context, name string, assignment [][]int32) error {
	return c.CreateTopicWith(ctx, name, assignment, nil)
}

// CreateTopicWith is CreateTopic with settings of the topic, such as
// min.insync.replicas.
func (c *Cluster) CreateTopicWith(ctx context.Context, name string, assignment [][]int32, config map[string]string) error {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	if len(assignment) == 0 {
		return fmt.Errorf("testbed: create topic %s: no partitions", name)
	}
	if err := c.registry.createTopic(ctx, name, assignment, config); err != nil {
		return fmt.Errorf("testbed: create topic %s: %w", name, err)
	}
	return c.awaitServed(ctx, name, 0, len(assignment))
}

// AddPartitions gives a topic further partitions, the first of which gets the
// number of those that are there; assignment is as in CreateTopic. With
// ZooKeeper it writes the topic's znode, as Kafka's own tool did, which nobody
// checks: an assignment to brokers that do not run leaves partitions without a
// leader. It returns when the new partitions are as CreateTopic leaves its.
func (c *Cluster) AddPartitions(ctx context.Context, topic string, assignment [][]int32) error {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	present, err := c.Partitions(ctx, topic)
	if err != nil {
		return err
	}
	if err := c.registry.addPartitions(ctx, topic, len(present), assignment); err != nil {
		return fmt.Errorf("testbed: add partitions to topic %s: %w", topic, err)
	}
	return c.awaitServed(ctx, topic, len(present), len(present)+len(assignment))
}

// awaitServed returns when a topic has so many partitions, those from the first
// given one on have a leader and all their replicas in the ISR, and every broker
// that runs and is not frozen knows the topic.
func (c *Cluster) awaitServed(ctx context.Context, topic string, first, count int) error {
	err := c.AwaitTopic(ctx, topic, func(partitions []Partition) bool {
		return len(partitions) == count && !slices.ContainsFunc(partitions[first:], func(p Partition) bool {
			return p.Leader < 0 || len(p.ISR) != len(p.Replicas)
		})
	})
	if err != nil {
		return err
	}
	return waitFor(ctx, "wait until the brokers know topic "+topic, func() error {
		for _, s := range c.responsive() {
			if err := c.knowsTopic(s, topic, first, count); err != nil {
				return err
			}
		}
		return nil
	})
}

// DeleteTopic deletes a topic and returns when the registry has it no more,
// for which all brokers with a replica must run.
func (c *Cluster) DeleteTopic(ctx context.Context, name string) error {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	if err := c.registry.deleteTopic(ctx, name); err != nil {
		return fmt.Errorf("testbed: delete topic %s: %w", name, err)
	}
	return waitFor(ctx, "wait until topic "+name+" is gone", func() error {
		_, err := c.registry.partitions(ctx, name)
		if errors.Is(err, errNoTopic) {
			return nil
		}
		return errors.Join(errors.New("it is still there"), err)
	})
}

// Partitions returns what the registry says of a topic's partitions, by id:
// with ZooKeeper the znodes, without it the metadata of a broker that runs. The
// slice is the caller's.
func (c *Cluster) Partitions(ctx context.Context, topic string) ([]Partition, error) {
	partitions, err := c.registry.partitions(ctx, topic)
	if err != nil {
		return nil, fmt.Errorf("testbed: topic %s: %w", topic, err)
	}
	return partitions, nil
}

// AwaitTopic returns when ok is true of what Partitions returns.
func (c *Cluster) AwaitTopic(ctx context.Context, topic string, ok func([]Partition) bool) error {
	return waitFor(ctx, "wait for topic "+topic, func() error {
		partitions, err := c.registry.partitions(ctx, topic)
		if err != nil {
			return err
		}
		if !ok(partitions) {
			return fmt.Errorf("%+v", partitions)
		}
		return nil
	})
}

// ElectPreferred asks the controller, as another tool than evenkeel would, to
// give the named partitions of a topic, or all of them, back to their preferred
// leaders: by the znode where there is ZooKeeper, else by a request to the
// controller. It returns when the controller has taken the request, which does
// not prove that a leader has changed: see AwaitTopic.
func (c *Cluster) ElectPreferred(ctx context.Context, topic string, partitions ...int32) error {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	all, err := c.Partitions(ctx, topic)
	if err != nil {
		return err
	}
	for _, p := range partitions {
		// Up to 2.1 a partition that does not exist wedges the controller.
		if p < 0 || int(p) >= len(all) {
			return fmt.Errorf("testbed: elect %s/%d: the topic has %d partitions", topic, p, len(all))
		}
	}
	if len(partitions) == 0 {
		for _, p := range all {
			partitions = append(partitions, p.ID)
		}
	}
	if err := c.registry.elect(ctx, topic, partitions); err != nil {
		return fmt.Errorf("testbed: elect the preferred leaders of %s: %w", topic, err)
	}
	return nil
}

// knowsTopic fails until a broker's metadata shows so many partitions and a
// leader for each from the first given one on.
func (c *Cluster) knowsTopic(s *Server, topic string, first, count int) error {
	metadata, err := c.metadata(s.addr)
	if err != nil {
		return fmt.Errorf("metadata of %s: %w", s.name, err)
	}
	for _, t := range metadata.Topics {
		if t.Name == topic && len(t.Partitions) == count &&
			!slices.ContainsFunc(t.Partitions, func(p *sarama.PartitionMetadata) bool { return int(p.ID) >= first && p.Leader < 0 }) {
			return nil
		}
	}
	return fmt.Errorf("the metadata of %s lacks topic %s or a leader", s.name, topic)
}
