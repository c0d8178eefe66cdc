package collectors

import (
	"context"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
	"github.com/evenkeel/evenkeel/zookeeper"
)

// EnsembleReader asks every ZooKeeper server how it is.
type EnsembleReader interface {
	Read(ctx context.Context) (*cluster.Ensemble, []cluster.Fault)
	// Look asks for their modes alone, and leaves out the servers that do not tell.
	Look(ctx context.Context) map[string]cluster.Look
}

// RegistryReader reads what Kafka keeps in ZooKeeper. It writes nothing but elections,
// which Poller.Elect alone asks for.
type RegistryReader interface {
	Registry(ctx context.Context, choose zookeeper.PictureChoice) zookeeper.Registry
	Members(ctx context.Context) ([]cluster.Member, error)
	TopicConfigs(ctx context.Context, topics []string, key string) (map[string]string, []cluster.Fault, error)
	ElectionPending(ctx context.Context) (bool, error)
	ElectPreferred(ctx context.Context, ask map[string][]int32) (written map[string][]int32, err error)
	OldGroups(ctx context.Context, match func(group string) bool) (zookeeper.OldGroups, []cluster.Fault, error)
}

// BrokerClient asks brokers.
type BrokerClient interface {
	Identity(n kafka.Node) kafka.Identity
	Probe(ctx context.Context, n kafka.Node) (time.Duration, error)
	Metadata(ctx context.Context, n kafka.Node) (*kafka.Metadata, error)
	DescribeCluster(ctx context.Context, n kafka.Node) (*kafka.ClusterDescription, error)
	Reassignments(ctx context.Context, n kafka.Node) (kafka.Moves, error)
	Quorum(ctx context.Context, n kafka.Node) (*cluster.Quorum, error)
	BrokerConfig(ctx context.Context, n kafka.Node, name string) (string, error)
	TopicConfigs(ctx context.Context, n kafka.Node, topics []string, name string) (map[string]string, map[string]error, error)
	ListGroups(ctx context.Context, n kafka.Node) ([]kafka.ListedGroup, error)
	DescribeGroups(ctx context.Context, n kafka.Node, groups []string) (map[string]kafka.DescribedGroup, error)
	DescribeConsumerGroups(ctx context.Context, n kafka.Node, groups []string) (map[string]kafka.DescribedGroup, error)
	CommittedOffsets(ctx context.Context, n kafka.Node, group string, ask map[string][]int32) ([]cluster.GroupOffsets, error)
	CommittedOffsetsOf(ctx context.Context, n kafka.Node, groups []string) (map[string]kafka.GroupCommits, error)
	ListOffsets(ctx context.Context, n kafka.Node, position kafka.Position, ask map[string][]int32) (kafka.Offsets, error)
	OffsetsSince(ctx context.Context, n kafka.Node, ask map[string]map[int32]time.Time) (kafka.Founds, error)
	CommitKeys(ctx context.Context, n kafka.Node, partition int32, from cluster.Offset) (kafka.CommitKeys, error)
	Retain(nodes []kafka.Node)
}

// Elector has brokers elect. It is no BrokerClient: the requests of a poll would wait
// behind an election, which takes as long as the brokers take to change places.
type Elector interface {
	ElectPreferred(ctx context.Context, n kafka.Node, ask map[string][]int32) (map[string]map[int32]error, error)
	Retain(nodes []kafka.Node)
}
