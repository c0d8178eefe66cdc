package testbed

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/IBM/sarama"
)

// kraftRegistry asks the brokers, who keep the registry among themselves.
type kraftRegistry struct{ *Cluster }

func (r kraftRegistry) registered(_ context.Context, s *Server) error {
	metadata, err := r.metadata(s.addr)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(metadata.Brokers, func(b *sarama.Broker) bool { return int(b.ID()) == s.id }) {
		return fmt.Errorf("%s does not name itself among the brokers", s.name)
	}
	return nil
}

// unregistered: a node takes up its former registration by itself.
func (r kraftRegistry) unregistered(context.Context, int) error { return nil }

// controlled: a broker cannot finish its start without a controller.
func (r kraftRegistry) controlled(context.Context) error { return nil }

// withAdmin calls f with an administrator's client.
func (c *Cluster) withAdmin(ctx context.Context, f func(sarama.ClusterAdmin) error) error {
	_, err := await(ctx, func() (struct{}, error) {
		admin, err := sarama.NewClusterAdmin(addresses(c.responsive()), c.clientConfig())
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, errors.Join(f(admin), admin.Close())
	})
	return err
}

func (r kraftRegistry) createTopic(ctx context.Context, name string, assignment [][]int32, config map[string]string) error {
	detail := &sarama.TopicDetail{
		NumPartitions:     -1, // both follow from the assignment
		ReplicationFactor: -1,
		ReplicaAssignment: make(map[int32][]int32),
		ConfigEntries:     make(map[string]*string),
	}
	for p, replicas := range assignment {
		detail.ReplicaAssignment[int32(p)] = replicas
	}
	for key, value := range config {
		detail.ConfigEntries[key] = &value
	}
	return r.withAdmin(ctx, func(a sarama.ClusterAdmin) error { return a.CreateTopic(name, detail, false) })
}

func (r kraftRegistry) addPartitions(ctx context.Context, topic string, present int, assignment [][]int32) error {
	total := int32(present + len(assignment))
	return r.withAdmin(ctx, func(a sarama.ClusterAdmin) error { return a.CreatePartitions(topic, total, assignment, false) })
}

func (r kraftRegistry) deleteTopic(ctx context.Context, name string) error {
	return r.withAdmin(ctx, func(a sarama.ClusterAdmin) error { return a.DeleteTopic(name) })
}

func (r kraftRegistry) partitions(_ context.Context, topic string) ([]Partition, error) {
	brokers := r.responsive()
	if len(brokers) == 0 {
		return nil, errors.New("no broker runs")
	}
	metadata, err := r.metadata(brokers[0].addr)
	if err != nil {
		return nil, err
	}
	for _, t := range metadata.Topics {
		if t.Name != topic {
			continue
		}
		out := make([]Partition, len(t.Partitions))
		for _, p := range t.Partitions {
			if int(p.ID) >= len(out) {
				return nil, fmt.Errorf("topic %s: partition %d of %d", topic, p.ID, len(out))
			}
			out[p.ID] = Partition{ID: p.ID, Replicas: p.Replicas, Leader: p.Leader, ISR: p.Isr}
		}
		return out, nil
	}
	return nil, errNoTopic
}

func (r kraftRegistry) elect(ctx context.Context, topic string, partitions []int32) error {
	return r.withAdmin(ctx, func(a sarama.ClusterAdmin) error {
		results, err := a.ElectLeaders(sarama.PreferredElection, map[string][]int32{topic: partitions})
		if err != nil {
			return err
		}
		var errs []error
		for p, result := range results[topic] {
			if result.ErrorCode != sarama.ErrNoError && result.ErrorCode != sarama.ErrElectionNotNeeded {
				errs = append(errs, fmt.Errorf("%s/%d: %w", topic, p, result.ErrorCode))
			}
		}
		return errors.Join(errs...)
	})
}
