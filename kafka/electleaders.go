package kafka

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// electLeadersForm is the newest form of ElectLeaders.
const electLeadersForm = 2

// preferredElection is the only type of election that is ever asked for. The other, the
// unclean one, loses messages.
const preferredElection = 0

// ElectPreferred has the controller make the preferred replicas of these partitions
// their leaders. It is a write, which the cluster carries out even where the answer is
// lost. Every partition that was asked for is in the result, which belongs to the caller:
// nil for one that was elected, else why it was not; see [IsElectionNotNeeded],
// [IsPreferredNotAvailable], [IsUnknownTopic], [IsUnauthorized], [IsRequestTimedOut] and
// [IsNotController]. No partition harms another. Only a failure of the whole request is
// returned as an error, which may be one of these as well.
//
// With ZooKeeper only the active controller elects; in KRaft any broker has it done. It
// takes Kafka 2.2 or later (ElectLeaders in [Identity]). Without any partition nothing is
// sent, for to the broker no list of topics means all of them.
func (c *Client) ElectPreferred(ctx context.Context, n Node, partitions map[string][]int32) (map[string]map[int32]error, error) {
	request := electionOf(partitions)
	if request == nil {
		return nil, nil
	}
	request.TimeoutMillis = c.electionMillis(ctx)
	return ask(ctx, c, n, request, electLeadersForm, func(r *reader, version int16) (map[string]map[int32]error, error) {
		return readElections(r, version, n, request.Topics)
	})
}

// electionOf returns the request for these partitions, each once and in order; nil where
// there are none.
func electionOf(partitions map[string][]int32) *kmsg.ElectLeadersRequest {
	request := kmsg.NewPtrElectLeadersRequest()
	request.ElectionType = preferredElection
	for _, name := range slices.Sorted(maps.Keys(partitions)) {
		if len(partitions[name]) == 0 {
			continue
		}
		topic := kmsg.NewElectLeadersRequestTopic()
		topic.Topic, topic.Partitions = name, slices.Compact(slices.Sorted(slices.Values(partitions[name])))
		request.Topics = append(request.Topics, topic)
	}
	if len(request.Topics) == 0 {
		return nil
	}
	return request
}

// electionMillis returns the time that the controller may wait for the new leaders: less
// than we wait for its answer, so that it is heard which partitions were late.
func (c *Client) electionMillis(ctx context.Context) int32 {
	patience := min(time.Duration(timeoutMillis(ctx))*time.Millisecond, c.slow)
	return int32(max((patience * 3 / 4).Milliseconds(), 1))
}

// readElections reads an answer of any version up to ours.
func readElections(r *reader, version int16, n Node, asked []kmsg.ElectLeadersRequestTopic) (map[string]map[int32]error, error) {
	elected := make(map[string]map[int32]error, len(asked))
	for _, t := range asked {
		elected[t.Topic] = make(map[int32]error, len(t.Partitions))
		for _, partition := range t.Partitions {
			elected[t.Topic][partition] = &electionError{n, t.Topic, partition, errNotAnswered}
		}
	}
	r.int32() // the time for which we are throttled
	var refusal error
	if version >= 1 {
		refusal = codeError(sarama.KError(r.int16()), "")
	}
	for t := r.array(3); t > 0 && r.err == nil; t-- {
		topic := string(r.text())
		for p := r.array(8); p > 0 && r.err == nil; p-- {
			partition, err := r.int32(), r.refusal()
			r.tags()
			if _, known := elected[topic][partition]; !known {
				continue
			}
			elected[topic][partition] = nil
			if err != nil {
				elected[topic][partition] = &electionError{n, topic, partition, err}
			}
		}
		r.tags()
	}
	r.tags()
	return elected, refusal
}

// electionError is why one partition of several was not elected. Its text is made when it
// is wanted: hundreds of partitions may have the same trouble.
type electionError struct {
	node      Node
	topic     string
	partition int32
	err       error
}

func (e *electionError) Error() string {
	return fmt.Sprintf("%s: elect the preferred leader of %q, partition %d: %v", e.node, e.topic, e.partition, e.err)
}

func (e *electionError) Unwrap() error { return e.err }

// IsElectionNotNeeded says whether an error of this package is that of a partition whose
// preferred replica leads already.
func IsElectionNotNeeded(err error) bool { return isCode(err, sarama.ErrElectionNotNeeded) }

// IsPreferredNotAvailable says whether an error of this package is that of a partition
// whose preferred replica is down or not in sync.
func IsPreferredNotAvailable(err error) bool {
	return isCode(err, sarama.ErrPreferredLeaderNotAvailable)
}

// IsRequestTimedOut says whether an error of this package is that of a controller which
// did not see in time that what was asked for is done. It may be done later.
func IsRequestTimedOut(err error) bool { return isCode(err, sarama.ErrRequestTimedOut) }

// IsUnauthorized says whether an error of this package is that of a user who may not do
// this to the cluster: an election takes Alter on it.
func IsUnauthorized(err error) bool { return isCode(err, sarama.ErrClusterAuthorizationFailed) }
