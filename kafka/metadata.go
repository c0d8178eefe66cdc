package kafka

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evenkeel/evenkeel/cluster"
)

// ErrNotIntegrated says that a broker runs and knows no brokers, not even itself:
// the controller has not told it anything.
var ErrNotIntegrated = errors.New("it knows of no brokers, so it does not belong to the cluster (yet): can the controller reach the address that it advertises?")

// metadataForm is the newest form of Metadata that we know. The next only adds an
// error of the whole answer.
const metadataForm = 12

// Metadata is what a broker knows of the cluster.
type Metadata struct {
	Brokers    map[int32]*cluster.Registration // those that are not fenced, by id; each with one endpoint, of the listener that was asked
	ClusterID  string                          // "" before Kafka 0.10.1
	Controller int32                           // as named; -1 for none, and where it is not named (see Identity.NamesController)
	Picture    *cluster.Picture

	ClusterOperations Operations            // what the user may do to the cluster; told from Kafka 2.3 to 2.7
	TopicOperations   map[string]Operations // and to each topic; told from 2.3 on
}

// Metadata asks for the brokers and all topics. It never names a topic: that
// would create one which does not exist.
func (c *Client) Metadata(ctx context.Context, n Node) (*Metadata, error) {
	request := kmsg.NewPtrMetadataRequest()
	request.Topics = nil // all
	request.AllowAutoTopicCreation = false
	request.IncludeClusterAuthorizedOperations = true
	request.IncludeTopicAuthorizedOperations = true
	response, err := ask[*kmsg.MetadataResponse](ctx, c, n, request, metadataForm)
	if err != nil {
		return nil, err
	}
	if len(response.Brokers) == 0 {
		return nil, fmt.Errorf("%s: %w", n, ErrNotIntegrated)
	}
	return readMetadata(response), nil
}

func readMetadata(from *kmsg.MetadataResponse) *Metadata {
	m := &Metadata{
		Brokers: make(map[int32]*cluster.Registration, len(from.Brokers)), Controller: -1,
		Picture:         &cluster.Picture{Topics: make([]cluster.Topic, 0, len(from.Topics)), OfflineTold: from.Version >= 5},
		TopicOperations: map[string]Operations{},
	}
	for _, b := range from.Brokers {
		m.Brokers[b.NodeID] = registration(b.NodeID, b.Host, b.Port, b.Rack)
	}
	if from.ClusterID != nil {
		m.ClusterID = *from.ClusterID
	}
	if from.Version >= 1 {
		m.Controller = from.ControllerID
	}
	if from.Version >= 8 && from.Version <= 10 {
		m.ClusterOperations = operationsOf(from.AuthorizedOperations)
	}
	for i := range from.Topics {
		t := readTopic(&from.Topics[i], from.Version)
		m.Picture.Topics = append(m.Picture.Topics, t)
		if from.Version >= 8 {
			m.TopicOperations[t.Name] = operationsOf(from.Topics[i].AuthorizedOperations)
		}
	}
	slices.SortFunc(m.Picture.Topics, func(a, b cluster.Topic) int { return strings.Compare(a.Name, b.Name) })
	return m
}

// registration puts what brokers tell of a broker into the shape of what it tells
// of itself in ZooKeeper.
func registration(id int32, host string, port int32, rack *string) *cluster.Registration {
	r := &cluster.Registration{ID: id, Endpoints: []cluster.Endpoint{{Host: host, Port: int(port)}}}
	if rack != nil {
		r.Rack = *rack
	}
	return r
}

func readTopic(from *kmsg.MetadataResponseTopic, version int16) cluster.Topic {
	t := cluster.Topic{Partitions: make([]cluster.Partition, 0, len(from.Partitions))}
	if from.Topic != nil {
		t.Name = *from.Topic
	}
	if from.TopicID != [16]byte{} {
		t.ID = base64.RawURLEncoding.EncodeToString(from.TopicID[:])
	}
	// With no partition there is nothing to read beside the error; a topic that is
	// about to get a leader has both.
	t.Unreadable = from.ErrorCode != 0 && len(from.Partitions) == 0
	for i := range from.Partitions {
		t.Partitions = append(t.Partitions, readPartition(&from.Partitions[i], version))
	}
	slices.SortFunc(t.Partitions, func(a, b cluster.Partition) int { return cmp.Compare(a.ID, b.ID) })
	return t
}

func readPartition(from *kmsg.MetadataResponseTopicPartition, version int16) cluster.Partition {
	p := cluster.Partition{
		ID: from.Partition, State: cluster.StateRecorded, Replicas: from.Replicas, Leader: from.Leader,
		ISR: from.ISR, Offline: from.OfflineReplicas, LeaderEpoch: from.LeaderEpoch, Version: cluster.NoVersion,
	}
	if version < 7 {
		p.LeaderEpoch = -1
	}
	switch sarama.KError(from.ErrorCode) {
	case sarama.ErrNoError, sarama.ErrReplicaNotAvailable:
		// The latter says that a replica is missing, and nothing of the leader.
	case sarama.ErrLeaderNotAvailable:
		p.Leader = cluster.NoLeader
	default:
		// Of a leader without a listener like the one that was asked, Kafka tells
		// no more than that it exists.
		p.State = cluster.StateUnknown
	}
	if p.State == cluster.StateRecorded && p.Leader < 0 {
		p.Leader = cluster.NoLeader
	}
	return p
}
