package testbed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/IBM/sarama"
)

// ToolLag is what the release's own tool says of a group and one partition.
type ToolLag struct {
	Topic     string
	Partition int32
	// Committed and End are offsets, Lag is their difference; -1: the tool does not
	// know. End is the high watermark, also for a group that stops where the first
	// open transaction begins.
	Committed, End, Lag int64
}

// ToolLags asks ConsumerGroupCommand, from 0.9, for the lags of a group that has
// its offsets in Kafka, in the order of topics and partitions. It fails where the
// tool knows no such group: on 0.9 that is every group without members.
// The slice is the caller's.
func (c *Cluster) ToolLags(ctx context.Context, group string) ([]ToolLag, error) {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	rel := c.oldest()
	if rel.old() {
		return nil, fmt.Errorf("testbed: lags of group %s: Kafka %s has no tool for offsets in Kafka but that of OldToolLags", group, rel.version)
	}
	bootstrap, properties := c.direct()
	args := []string{"--bootstrap-server", strings.Join(bootstrap, ","), "--describe", "--group", group}
	if !rel.protocol.IsAtLeast(sarama.V0_10_1_0) {
		args = append(args, "--new-consumer")
	}
	if len(properties) > 0 {
		file, err := c.toolProperties(properties)
		if err != nil {
			return nil, fmt.Errorf("testbed: lags of group %s: %w", group, err)
		}
		args = append(args, "--command-config", file)
	}
	main := oldGroupTool
	if rel.tools != "" {
		main = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"
	}
	return c.runLagTool(ctx, group, main, args)
}

const oldGroupTool = "kafka.admin.ConsumerGroupCommand"

// OldToolLags asks ConsumerOffsetChecker, up to 0.10.2, or ConsumerGroupCommand
// of releases before 2.0 for the lags of a group of the old consumer, in the
// order of topics and partitions. The slice is the caller's.
func (c *Cluster) OldToolLags(ctx context.Context, group string) ([]ToolLag, error) {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	rel := c.oldest()
	args := []string{"--zookeeper", c.ZooKeeperConnect(), "--group", group}
	switch {
	case !rel.hasOldConsumer():
		return nil, fmt.Errorf("testbed: lags of group %s: Kafka %s knows nothing of the old consumer; releases before 2.0 do", group, rel.version)
	case rel.protocol.IsAtLeast(sarama.V0_11_0_0):
		return c.runLagTool(ctx, group, oldGroupTool, append(args, "--describe"))
	default:
		return c.runLagTool(ctx, group, "kafka.tools.ConsumerOffsetChecker", args)
	}
}

// toolProperties writes the settings of a tool's connections.
func (c *Cluster) toolProperties(properties map[string]string) (file string, err error) {
	f, err := os.CreateTemp(c.dir, "tool-*.properties")
	if err != nil {
		return "", err
	}
	return f.Name(), errors.Join(f.Close(), writeProperties(f.Name(), properties))
}

// runLagTool runs one of the release's tools to its end and reads its table.
func (c *Cluster) runLagTool(ctx context.Context, group, main string, args []string) ([]ToolLag, error) {
	rel, classpath, err := c.clientJars(ctx)
	if err != nil {
		return nil, err
	}
	if rel.tools != "" {
		jars, err := Fetch(ctx, rel.tools, c.spec.Log)
		if err != nil {
			return nil, err
		}
		classpath = filepath.Join(jars, "*") + string(filepath.ListSeparator) + classpath
	}
	argv := javaCommand(c.java, c.log4j, classpath, nil, main, args...)
	stdout, stderr, err := output(ctx, argv[0], argv[1:]...)
	if err != nil {
		return nil, fmt.Errorf("testbed: lags of group %s: %w", group, err)
	}
	lags, err := parseLags(stdout)
	if err != nil {
		return nil, fmt.Errorf("testbed: lags of group %s: %w; %s says:\n%s\n%s", group, err, main, stdout, stderr)
	}
	return lags, nil
}
