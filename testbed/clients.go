package testbed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"
)

const dialTimeout = 3 * time.Second

// clientConfig returns sarama's settings for the oldest of the cluster's
// releases.
func (c *Cluster) clientConfig() *sarama.Config {
	conf := sarama.NewConfig()
	conf.ClientID = "testbed"
	conf.Version = c.oldest().protocol
	conf.ApiVersionsRequest = c.oldest().apiVersions()
	conf.Net.DialTimeout = dialTimeout
	conf.Net.ReadTimeout = 5 * time.Second
	conf.Net.WriteTimeout = 5 * time.Second
	if c.spec.Wires && !c.release.namesListeners() {
		conf.Net.Proxy.Enable, conf.Net.Proxy.Dialer = true, detour{c}
	}
	conf.Metadata.Timeout = 15 * time.Second
	conf.Producer.RequiredAcks = sarama.WaitForAll
	conf.Producer.Timeout = 3 * time.Second // below the read timeout, or the answer comes too late
	conf.Producer.Return.Successes = true
	conf.Producer.Retry.Max = 40
	conf.Producer.Retry.Backoff = 250 * time.Millisecond
	return conf
}

// metadata asks one broker for all topics; a name would create it.
func (c *Cluster) metadata(addr string) (*sarama.MetadataResponse, error) {
	conf := c.clientConfig()
	conf.Net.ReadTimeout = 2 * time.Second
	b := sarama.NewBroker(addr)
	if err := b.Open(conf); err != nil {
		return nil, err
	}
	defer b.Close()
	return b.GetMetadata(sarama.NewMetadataRequest(conf.Version, nil))
}

// knowsBrokers fails until a broker's metadata names n brokers.
func (c *Cluster) knowsBrokers(s *Server, n int) error {
	metadata, err := c.metadata(s.addr)
	if err != nil {
		return fmt.Errorf("metadata of %s: %w", s.name, err)
	}
	if len(metadata.Brokers) != n {
		return fmt.Errorf("%s knows %d of %d brokers", s.name, len(metadata.Brokers), n)
	}
	return nil
}

// withClient calls f with a client of the brokers that run and are not frozen.
func (c *Cluster) withClient(ctx context.Context, f func(sarama.Client) error) error {
	_, err := await(ctx, func() (struct{}, error) {
		client, err := sarama.NewClient(addresses(c.responsive()), c.clientConfig())
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, errors.Join(f(client), client.Close())
	})
	return err
}

// Produce writes n messages to a partition, each of which is in every replica
// of the ISR when it returns. It tries again for some ten seconds while the
// partition has no leader; a try whose answer was lost leaves duplicates.
func (c *Cluster) Produce(ctx context.Context, topic string, partition int32, n int) error {
	values := make([]string, n)
	for i := range values {
		values[i] = fmt.Sprintf("message %d", i)
	}
	return c.produce(ctx, topic, partition, values)
}

// ProduceBytes is Produce of so many bytes, rounded up to the next 64 KiB, in
// messages of that size.
func (c *Cluster) ProduceBytes(ctx context.Context, topic string, partition int32, bytes int) error {
	const size = 64 << 10
	value := strings.Repeat("0123456789abcdef", size/16)
	return c.produce(ctx, topic, partition, slices.Repeat([]string{value}, (bytes+size-1)/size))
}

func (c *Cluster) produce(ctx context.Context, topic string, partition int32, values []string) error {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	conf := c.clientConfig()
	conf.Producer.Partitioner = sarama.NewManualPartitioner
	var messages []*sarama.ProducerMessage
	for _, value := range values {
		messages = append(messages, &sarama.ProducerMessage{Topic: topic, Partition: partition, Value: sarama.StringEncoder(value)})
	}
	_, err := await(ctx, func() (struct{}, error) {
		producer, err := sarama.NewSyncProducer(addresses(c.responsive()), conf)
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, errors.Join(producer.SendMessages(messages), producer.Close())
	})
	if err != nil {
		return fmt.Errorf("testbed: produce to %s/%d: %w", topic, partition, err)
	}
	return nil
}

// CommitOffset commits an offset, kept in Kafka, for a group without members,
// as a consumer does that was given its partitions with assign(). The first
// commit of a cluster creates the offsets topic, which takes some seconds.
func (c *Cluster) CommitOffset(ctx context.Context, group, topic string, partition int32, offset int64) error {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	request := &sarama.OffsetCommitRequest{
		Version:                 1, // v0 would go to ZooKeeper
		ConsumerGroup:           group,
		ConsumerGroupGeneration: sarama.GroupGenerationUndefined,
	}
	if !c.oldest().old() {
		request.Version, request.RetentionTime = 2, -1
	}
	request.AddBlock(topic, partition, offset, sarama.ReceiveTime, "")
	err := c.withClient(ctx, func(client sarama.Client) error {
		return waitFor(ctx, "commit", func() error {
			return commit(client, request, topic, partition)
		})
	})
	if err != nil {
		return fmt.Errorf("testbed: commit offset %d of %s/%d for group %s: %w", offset, topic, partition, group, err)
	}
	return nil
}

// commit makes one attempt, with the coordinator asked for anew.
func commit(client sarama.Client, request *sarama.OffsetCommitRequest, topic string, partition int32) error {
	if err := client.RefreshCoordinator(request.ConsumerGroup); err != nil {
		return err
	}
	broker, err := client.Coordinator(request.ConsumerGroup)
	if err != nil {
		return err
	}
	response, err := broker.CommitOffset(request)
	if err != nil {
		_ = broker.Close() // else it stays dead; Coordinator opens it again
		return err
	}
	code, ok := response.Errors[topic][partition]
	if !ok {
		return errors.New("the answer does not mention the partition")
	}
	if code != sarama.ErrNoError {
		return code
	}
	return nil
}
