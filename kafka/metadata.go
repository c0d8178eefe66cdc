package kafka

import (
	"context"
	"errors"
	"fmt"

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
	m, err := ask(ctx, c, n, request, metadataForm, func(r *reader, version int16) (*Metadata, error) {
		return readMetadata(r, version), nil
	})
	if err != nil {
		return nil, err
	}
	if len(m.Brokers) == 0 {
		return nil, fmt.Errorf("%s: %w", n, ErrNotIntegrated)
	}
	return m, nil
}

// registration puts what brokers tell of a broker into the shape of what it tells
// of itself in ZooKeeper.
func registration(id int32, host string, port int32, rack string) *cluster.Registration {
	return &cluster.Registration{ID: id, Rack: rack, Endpoints: []cluster.Endpoint{{Host: host, Port: int(port)}}}
}
