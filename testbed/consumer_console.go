package testbed

import (
	"context"
	"maps"
	"strings"
)

// startConsoleConsumer starts the release's own program.
func (c *Cluster) startConsoleConsumer(ctx context.Context, group string, topics []string) (*Consumer, error) {
	rel, classpath, err := c.clientJars(ctx)
	if err != nil {
		return nil, err
	}
	if rel.console == consoleZooKeeper {
		return c.startOldProgram(ctx, c.nextConsumer(), group, offsetsInZooKeeper, topics)
	}
	bootstrap, properties := c.direct()
	maps.Copy(properties, consumerProperties(group))
	return c.startProgram(consumerProgram{
		name: c.nextConsumer(), group: group, properties: properties,
		classpath: classpath, main: consoleMain, silent: true,
		args: func(file string) []string {
			args := []string{"--consumer.config", file, "--bootstrap-server", strings.Join(bootstrap, ","), "--from-beginning"}
			return append(args, consoleTopics(rel, topics)...)
		},
	})
}

const consoleMain = "kafka.tools.ConsoleConsumer"

// consoleTopics returns the arguments that name the topics of the newer
// consumer.
func consoleTopics(rel kafkaRelease, topics []string) []string {
	switch rel.console {
	case consoleOneTopic:
		return append([]string{"--new-consumer"}, topicArgs("--whitelist", topics)...)
	case consoleInclude:
		return topicArgs("--include", topics)
	default:
		return topicArgs("--whitelist", topics)
	}
}

// topicArgs names the topics of a console consumer, several by an option that
// takes a pattern.
func topicArgs(option string, topics []string) []string {
	if len(topics) == 1 {
		return []string{"--topic", topics[0]}
	}
	// Topics are named by letters, digits, "-", "_" and "."; only the last is
	// more than itself in a pattern.
	return []string{option, strings.ReplaceAll(strings.Join(topics, "|"), ".", `\.`)}
}

// consumerProperties returns the settings of a consumer that a broker
// coordinates.
func consumerProperties(group string) map[string]string {
	return map[string]string{
		"group.id":                group,
		"auto.commit.interval.ms": "200",
		"session.timeout.ms":      "3000",
		"heartbeat.interval.ms":   "500",
		"metadata.max.age.ms":     "2000", // how soon it sees a new topic or leader
	}
}
