package testbed

import (
	"strings"
	"testing"
)

func TestConsoleTopics(t *testing.T) {
	for _, test := range []struct{ kafka, topics, want string }{
		{"0.10.2.2", "a.b c", `--whitelist a\.b|c`},
		{"0.9.0.1", "a.b", "--new-consumer --topic a.b"},
		{"0.10.2.2", "a b", "--whitelist a|b"},
		{"2.4.1", "a", "--topic a"},
		{"3.3.2", "a b", "--include a|b"},
	} {
		rel, err := findKafka(test.kafka)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(consoleTopics(rel, strings.Fields(test.topics)), " "); got != test.want {
			t.Errorf("%s, topics %s: %s, want %s", test.kafka, test.topics, got, test.want)
		}
	}
}

func TestConsumerProperties(t *testing.T) {
	old := oldProperties("consumer-1", "readers", offsetsInKafka)
	if old["offsets.storage"] != "kafka" || old["dual.commit.enabled"] != "false" || old["consumer.id"] != "consumer-1" {
		t.Errorf("the old consumer: %v", old)
	}
	for key, p := range map[string]map[string]string{"zookeeper.session.timeout.ms": old, "session.timeout.ms": consumerProperties("readers")} {
		if p["group.id"] != "readers" || p["auto.commit.interval.ms"] != "200" || p[key] != "3000" {
			t.Errorf("want %s: %v", key, p)
		}
	}
}

func TestStartedLine(t *testing.T) {
	for line, want := range map[string]bool{
		"INFO [Kafka Server 0], started (kafka.server.KafkaServer)":                                  true,
		"INFO [KafkaServer id=12] started (kafka.server.KafkaServer)":                                true,
		"[main] INFO kafka.server.KafkaRaftServer - [KafkaRaftServer nodeId=1] Kafka Server started": true,
		"INFO [Kafka Server 0], starting (kafka.server.KafkaServer)":                                 false,
		"INFO [BrokerServer id=1] Transition from STARTING to STARTED":                               false,
		"INFO [Socket Server on Broker 0], Started 1 acceptor threads":                               false,
	} {
		if got := startedLine.MatchString(line); got != want {
			t.Errorf("%q: %v, want %v", line, got, want)
		}
	}
}
