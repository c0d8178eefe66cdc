package testbed

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
)

// startConsoleConsumer starts the release's own program, as a further member of
// a group that has some already.
func (c *Cluster) startConsoleConsumer(ctx context.Context, group string, members int, topics []string) (*Consumer, error) {
	rel, classpath, err := c.clientJars(ctx)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.consoles++
	name := fmt.Sprintf("consumer-%d", c.consoles)
	c.mu.Unlock()
	file := filepath.Join(c.dir, name+".properties")
	bootstrap, properties := c.direct()
	maps.Copy(properties, consumerProperties(rel, group))
	if err := writeProperties(file, properties); err != nil {
		return nil, err
	}
	args := []string{"--consumer.config", file}
	if rel.console == consoleZooKeeper {
		args = append(args, "--zookeeper", c.ZooKeeperConnect())
	} else {
		args = append(args, "--bootstrap-server", strings.Join(bootstrap, ","))
	}
	args = append(args, consoleTopics(rel, topics)...)
	// The old one refuses where the group has offsets, or gets some from its
	// other members before the JVM is up; what there is it goes on from.
	if rel.console != consoleZooKeeper || members == 0 && !c.hasOldOffsets(ctx, group) {
		args = append(args, "--from-beginning")
	}
	argv := javaCommand(c.java, c.log4j, classpath, nil, "kafka.tools.ConsoleConsumer", args...)
	proc := c.newProcess("a consumer of group "+group, name, argv)
	proc.silent = true
	return &Consumer{proc: proc}, proc.start()
}

// consoleTopics returns the arguments that name the topics.
func consoleTopics(rel kafkaRelease, topics []string) []string {
	var args []string
	if rel.console == consoleOneTopic {
		args = append(args, "--new-consumer")
	}
	option := "--whitelist"
	switch {
	case len(topics) == 1:
		return append(args, "--topic", topics[0])
	case rel.console == consoleInclude:
		option = "--include"
	}
	// Topics are named by letters, digits, "-", "_" and "."; only the last is
	// more than itself in a pattern.
	pattern := strings.ReplaceAll(strings.Join(topics, "|"), ".", `\.`)
	return append(args, option, pattern)
}

// consumerProperties returns the settings of a console consumer.
func consumerProperties(rel kafkaRelease, group string) map[string]string {
	if rel.console == consoleZooKeeper {
		return map[string]string{
			"group.id":                     group,
			"auto.commit.interval.ms":      "200",
			"zookeeper.session.timeout.ms": "3000",
			"zookeeper.sync.time.ms":       "200",
			"rebalance.backoff.ms":         "500",
		}
	}
	return map[string]string{
		"group.id":                group,
		"auto.commit.interval.ms": "200",
		"session.timeout.ms":      "3000",
		"heartbeat.interval.ms":   "500",
		"metadata.max.age.ms":     "2000", // how soon it sees a new topic or leader
	}
}
