package testbed

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/IBM/sarama"
)

//go:embed launcher/Member.java
var memberSource []byte

// assignedLine is what Member prints when it is given partitions.
var assignedLine = regexp.MustCompile(`assigned: \[\S`)

// StartConsumerWith is StartConsumer for the Java client of the cluster's own
// release, always in a process of its own, and for a protocol of the group:
// "classic", or from 4.0 "consumer", in which the brokers assign. It returns
// when the member has partitions: the topics need one for every member. It is
// for releases from 2.0.
func (c *Cluster) StartConsumerWith(ctx context.Context, group, protocol string, topics ...string) (*Consumer, error) {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	consumer, err := c.startMember(ctx, group, protocol, topics)
	if err != nil {
		return nil, fmt.Errorf("testbed: consumer of group %s: %w", group, err)
	}
	err = waitFor(ctx, "wait until a member of group "+group+" has partitions", func() error {
		if err := consumer.proc.ended(); err != nil {
			return permanent{err}
		}
		return logged(consumer.proc.log, 0, assignedLine)
	})
	if err != nil {
		return nil, errors.Join(err, consumer.discard())
	}
	return consumer, nil
}

func (c *Cluster) startMember(ctx context.Context, group, protocol string, topics []string) (*Consumer, error) {
	rel, classpath, err := c.clientJars(ctx)
	if err != nil {
		return nil, err
	}
	properties, err := memberProperties(rel, group, protocol)
	if err != nil {
		return nil, err
	}
	if len(topics) == 0 {
		return nil, errors.New("no topics")
	}
	properties["bootstrap.servers"] = strings.Join(c.Bootstrap(), ",")
	classes, err := memberClasses(ctx, rel, classpath)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.consoles++
	name := fmt.Sprintf("consumer-%d", c.consoles)
	c.mu.Unlock()
	file := filepath.Join(c.dir, name+".properties")
	if err := writeProperties(file, properties); err != nil {
		return nil, err
	}
	classpath = classes + string(filepath.ListSeparator) + classpath
	argv := javaCommand(c.java, c.log4j, classpath, nil, "Member", append([]string{file}, topics...)...)
	proc := c.newProcess("a consumer of group "+group, name, argv)
	return &Consumer{proc: proc}, proc.start()
}

// memberProperties returns the settings of a member, but for the brokers.
func memberProperties(rel kafkaRelease, group, protocol string) (map[string]string, error) {
	if !rel.protocol.IsAtLeast(sarama.V2_0_0_0) {
		return nil, fmt.Errorf("the client of Kafka %s is too old; from 2.0 on it will do", rel.version)
	}
	p := consumerProperties(rel, group)
	const bytes = "org.apache.kafka.common.serialization.ByteArrayDeserializer"
	maps.Copy(p, map[string]string{"key.deserializer": bytes, "value.deserializer": bytes, "auto.offset.reset": "earliest"})
	switch {
	case protocol == "classic":
	case protocol != "consumer":
		return nil, fmt.Errorf("protocol %q: want classic or consumer", protocol)
	case !rel.protocol.IsAtLeast(sarama.V4_0_0_0):
		return nil, fmt.Errorf("no group protocol but the classic one is in Kafka %s; 4.0 and later have another", rel.version)
	default:
		p["group.protocol"] = protocol
		// These are the brokers' affair there, and refused of a member.
		delete(p, "session.timeout.ms")
		delete(p, "heartbeat.interval.ms")
	}
	return p, nil
}

// memberClasses returns the folder with Member, compiled for a release.
func memberClasses(ctx context.Context, rel kafkaRelease, classpath string) (string, error) {
	return cached(ctx, "member-"+rel.version, memberSource, func(dir string) error {
		javac, err := findJava("javac")
		if err != nil {
			return err
		}
		source := filepath.Join(dir, "Member.java")
		if err := os.WriteFile(source, memberSource, 0o644); err != nil {
			return fmt.Errorf("compile the member's class: %w", err)
		}
		// 11 is the oldest Java that the clients of 4.0 run on.
		if err := run(ctx, javac, "--release", "11", "-cp", classpath, "-d", dir, source); err != nil {
			return fmt.Errorf("compile the member's class: %w", err)
		}
		return nil
	})
}
