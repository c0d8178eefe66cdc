package testbed

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/IBM/sarama"
)

//go:embed launcher/Member.java
var memberSource []byte

// assignedLine is what Member prints when it has partitions.
var assignedLine = regexp.MustCompile(`assigned: \[\S`)

// ReaderSpec says which consumer StartReader starts. Group and Topics are needed.
type ReaderSpec struct {
	Group  string
	Topics []string
	// Partitions are those of the only topic that the consumer takes for itself,
	// with assign(): it commits for the group, but is no member. Empty: it is a
	// member, to which the group gives partitions.
	Partitions []int32
	// Protocol is that of a member's group: "classic", the default, or from 4.0
	// "consumer", in which the brokers assign.
	Protocol string
	// ReadCommitted has the consumer read nothing of transactions that are open or
	// aborted, for releases from 0.11.
	ReadCommitted bool
	// Tell has the consumer note every message that it reads; see Consumer.Read.
	Tell bool
}

// StartReader starts the Java client of the cluster's own release, always in a
// process of its own, for releases from 0.9. A member has partitions when it
// returns: the topics need one for every member. A consumer with partitions of
// its own has committed for each of them.
func (c *Cluster) StartReader(ctx context.Context, spec ReaderSpec) (*Consumer, error) {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	consumer, err := c.startMember(ctx, spec)
	if err != nil {
		return nil, fmt.Errorf("testbed: consumer of group %s: %w", spec.Group, err)
	}
	return consumer.joined(ctx, "wait until a consumer of group "+spec.Group+" has partitions", func() error {
		if err := logged(consumer.proc.log, 0, assignedLine); err != nil || len(spec.Partitions) == 0 {
			return err
		}
		offsets, err := c.committed(ctx, spec.Group, spec.Topics[0], spec.Partitions)
		if err == nil && len(offsets) < len(spec.Partitions) {
			err = fmt.Errorf("it has committed %v only", offsets)
		}
		return err
	})
}

// StartConsumerWith is StartReader for a member of a group and a protocol.
func (c *Cluster) StartConsumerWith(ctx context.Context, group, protocol string, topics ...string) (*Consumer, error) {
	return c.StartReader(ctx, ReaderSpec{Group: group, Protocol: protocol, Topics: topics})
}

// StartAssigned is StartReader for a consumer that takes partitions for itself
// and commits for a group without being a member of it.
func (c *Cluster) StartAssigned(ctx context.Context, group, topic string, partitions ...int32) (*Consumer, error) {
	if len(partitions) == 0 {
		return nil, fmt.Errorf("testbed: consumer of group %s: no partitions of topic %s", group, topic)
	}
	return c.StartReader(ctx, ReaderSpec{Group: group, Topics: []string{topic}, Partitions: partitions})
}

func (c *Cluster) startMember(ctx context.Context, spec ReaderSpec) (*Consumer, error) {
	rel, classpath, err := c.clientJars(ctx)
	if err != nil {
		return nil, err
	}
	member, err := memberProperties(rel, spec)
	if err != nil {
		return nil, err
	}
	bootstrap, properties := c.direct()
	maps.Copy(properties, member)
	properties["bootstrap.servers"] = strings.Join(bootstrap, ",")
	// 11 is the oldest Java that the clients of 4.0 run on.
	classes, err := compiled(ctx, "member-"+rel.version, "Member", memberSource, "11", classpath)
	if err != nil {
		return nil, err
	}
	return c.startProgram(consumerProgram{
		name: c.nextConsumer(), group: spec.Group, properties: properties,
		classpath: classes + string(filepath.ListSeparator) + classpath, main: "Member",
		args: func(file string) []string { return append([]string{file}, spec.Topics...) },
	})
}

// memberProperties returns the settings of a reader, but for the brokers.
func memberProperties(rel kafkaRelease, spec ReaderSpec) (map[string]string, error) {
	if err := spec.check(rel); err != nil {
		return nil, err
	}
	p := consumerProperties(spec.Group)
	const bytes = "org.apache.kafka.common.serialization.ByteArrayDeserializer"
	maps.Copy(p, map[string]string{"key.deserializer": bytes, "value.deserializer": bytes, "auto.offset.reset": "earliest"})
	if spec.Tell {
		p["evenkeel.tell"] = "true"
	}
	if spec.ReadCommitted {
		p["isolation.level"] = "read_committed"
	}
	if spec.Protocol == protocolConsumer {
		p["group.protocol"] = spec.Protocol
		// These are the brokers' affair there, and refused of a member.
		delete(p, "session.timeout.ms")
		delete(p, "heartbeat.interval.ms")
	}
	if len(spec.Partitions) > 0 {
		var partitions []string
		for _, partition := range spec.Partitions {
			partitions = append(partitions, strconv.Itoa(int(partition)))
		}
		p["evenkeel.assign"] = strings.Join(partitions, ",")
		p["enable.auto.commit"] = "false" // Member does it
	}
	return p, nil
}

// The protocols of a group.
const (
	protocolClassic  = "classic"
	protocolConsumer = "consumer"
)

func (s ReaderSpec) check(rel kafkaRelease) error {
	switch {
	case rel.old():
		return fmt.Errorf("kafka %s has no consumer that a broker coordinates; 0.9 and later have", rel.version)
	case len(s.Topics) == 0:
		return errors.New("no topics")
	case len(s.Partitions) > 0 && (len(s.Topics) > 1 || s.Protocol != ""):
		return errors.New("one that takes partitions for itself reads one topic and has no protocol")
	case s.Protocol != "" && s.Protocol != protocolClassic && s.Protocol != protocolConsumer:
		return fmt.Errorf("protocol %q: want %s or %s", s.Protocol, protocolClassic, protocolConsumer)
	case s.Protocol == protocolConsumer && !rel.protocol.IsAtLeast(sarama.V4_0_0_0):
		return fmt.Errorf("no group protocol but the classic one is in Kafka %s; 4.0 and later have another", rel.version)
	case s.ReadCommitted && !rel.transactional():
		return fmt.Errorf("kafka %s has no transactions; 0.11 and later have", rel.version)
	}
	return nil
}
