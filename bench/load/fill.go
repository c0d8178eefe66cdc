//go:build linux

package load

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

const (
	topicsPerRequest = 20
	requestTimeout   = time.Minute
	// Of each partition of the first topic, and how many of them are committed by
	// its groups.
	messages      = 3
	committed     = 2
	commitsAtOnce = 8
)

func clientConfig() *sarama.Config {
	conf := sarama.NewConfig()
	conf.ClientID = "load"
	conf.Version = sarama.V3_6_0_0
	conf.Net.ReadTimeout, conf.Net.WriteTimeout = requestTimeout, requestTimeout
	conf.Producer.Return.Successes = true
	conf.Producer.Partitioner = sarama.NewManualPartitioner
	conf.Producer.Timeout = requestTimeout / 2
	conf.Metadata.RefreshFrequency = 0
	// The offsets topic is made by the first commit, and takes its time.
	conf.Metadata.Retry.Max, conf.Metadata.Retry.Backoff = 120, 250*time.Millisecond
	return conf
}

// fill makes topics, messages and committed offsets.
func (c *Cluster) fill(ctx context.Context, log io.Writer) error {
	client, err := sarama.NewClient(c.Proxied(), clientConfig())
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer client.Close()
	for _, step := range []struct {
		what string
		do   func(context.Context, sarama.Client) error
	}{
		{"topics", c.createTopics},
		{"messages", c.produce},
		{"committed offsets", c.commitAll},
	} {
		begun := time.Now()
		if err := step.do(ctx, client); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
		fmt.Fprintf(log, "%s: %s after %.1f s\n", c.Size.Name, step.what, time.Since(begun).Seconds())
	}
	return nil
}

func (c *Cluster) createTopics(ctx context.Context, client sarama.Client) error {
	controller, err := client.Controller()
	if err != nil {
		return fmt.Errorf("find the controller: %w", err)
	}
	for first := 0; first < c.Size.Topics && ctx.Err() == nil; first += topicsPerRequest {
		request := &sarama.CreateTopicsRequest{Version: 3, Timeout: requestTimeout, TopicDetails: make(map[string]*sarama.TopicDetail)}
		for t := first; t < min(first+topicsPerRequest, c.Size.Topics); t++ {
			request.TopicDetails[topicName(t)] = &sarama.TopicDetail{NumPartitions: -1, ReplicationFactor: -1, ReplicaAssignment: c.Size.assignment(t)}
		}
		response, err := controller.CreateTopics(request)
		if err != nil {
			return err
		}
		for name, refusal := range response.TopicErrors {
			if refusal.Err != sarama.ErrNoError {
				return fmt.Errorf("create %s: %w", name, refusal)
			}
		}
	}
	return ctx.Err()
}

// produce writes messages to each partition of the first topic; all others stay
// empty.
func (c *Cluster) produce(_ context.Context, client sarama.Client) error {
	producer, err := sarama.NewSyncProducerFromClient(client)
	if err != nil {
		return err
	}
	defer producer.Close()
	var all []*sarama.ProducerMessage
	for i := range messages * c.Size.PartitionsPerTopic {
		all = append(all, &sarama.ProducerMessage{Topic: topicName(0), Partition: int32(i / messages), Value: sarama.StringEncoder("message")})
	}
	return producer.SendMessages(all)
}

// commitAll commits for several groups at a time, and ends with the first that
// fails.
func (c *Cluster) commitAll(ctx context.Context, client sarama.Client) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	groups := make(chan int)
	var workers sync.WaitGroup
	for range commitsAtOnce {
		workers.Go(func() {
			for g := range groups {
				if err := c.commit(ctx, client, g); err != nil {
					cancel(fmt.Errorf("group %s: %w", groupName(g), err))
				}
			}
		})
	}
	for g := 0; g < c.Size.Groups && ctx.Err() == nil; g++ {
		groups <- g
	}
	close(groups)
	workers.Wait()
	return context.Cause(ctx)
}

// commit commits one group's offsets, as a consumer without a membership does.
func (c *Cluster) commit(ctx context.Context, client sarama.Client, g int) error {
	topic, offset := g%c.Size.Topics, int64(0)
	if topic == 0 {
		offset = committed
	}
	request := &sarama.OffsetCommitRequest{Version: 7, ConsumerGroup: groupName(g), ConsumerGroupGeneration: sarama.GroupGenerationUndefined}
	for p := range int32(c.Size.PartitionsPerTopic) {
		request.AddBlock(topicName(topic), p, offset, sarama.ReceiveTime, "")
	}
	// A new coordinator is not ready at once.
	for {
		err := tryCommit(client, request)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; last: %w", context.Cause(ctx), err)
		case <-time.After(250 * time.Millisecond):
		}
		_ = client.RefreshCoordinator(request.ConsumerGroup) // the next try says what is wrong
	}
}

func tryCommit(client sarama.Client, request *sarama.OffsetCommitRequest) error {
	coordinator, err := client.Coordinator(request.ConsumerGroup)
	if err != nil {
		return err
	}
	response, err := coordinator.CommitOffset(request)
	if err != nil {
		return err
	}
	for topic, partitions := range response.Errors {
		for p, code := range partitions {
			if code != sarama.ErrNoError {
				return fmt.Errorf("partition %s/%d: %w", topic, p, code)
			}
		}
	}
	return nil
}
