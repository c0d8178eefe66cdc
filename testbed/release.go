package testbed

import (
	"fmt"
	"strings"

	"github.com/IBM/sarama"
)

// DefaultKafka is the release that a Spec without one starts.
const DefaultKafka = "0.9.0.1"

// consoleConsumer is how a release's console consumer wants to be called.
type consoleConsumer int

const (
	consoleNone      consoleConsumer = iota // not in the release's core jar
	consoleZooKeeper                        // the old consumer, members in ZooKeeper
	consoleOneTopic                         // needs --new-consumer, and then takes one topic only
	consoleWhitelist                        // several topics as --whitelist
	consoleInclude                          // several topics as --include
)

// kafkaRelease holds what differs between the releases of Kafka.
type kafkaRelease struct {
	version   string
	zookeeper string // the release it is run on by default; empty: KRaft
	// protocol is what sarama is told. For 0.10.2 it stays below 0.11, where
	// sarama's producer would build record batches that 0.10 has no answer to.
	protocol sarama.KafkaVersion
	console  consoleConsumer
	// tools is the set of jars with the command line tools; empty: they are among
	// those of the brokers.
	tools string
}

// kraft tells whether the release runs without ZooKeeper.
func (r kafkaRelease) kraft() bool { return r.zookeeper == "" }

// knowsKRaft tells whether the release can run without ZooKeeper.
func (r kafkaRelease) knowsKRaft() bool { return r.protocol.IsAtLeast(sarama.V3_3_0_0) }

// apiVersions tells whether the release answers ApiVersions. 0.8 closes the
// connection; 0.9 falls silent and may lose other clients' requests as well.
func (r kafkaRelease) apiVersions() bool { return r.protocol.IsAtLeast(sarama.V0_10_0_0) }

// old tells whether the release is 0.8: no listeners, no group protocol, and
// brokers that hear of each other only with the first topic.
func (r kafkaRelease) old() bool { return !r.protocol.IsAtLeast(sarama.V0_9_0_0) }

// namesListeners tells whether a broker may have several listeners of the same
// protocol, by name.
func (r kafkaRelease) namesListeners() bool { return r.protocol.IsAtLeast(sarama.V0_10_2_0) }

// transactional tells whether the release has transactions.
func (r kafkaRelease) transactional() bool { return r.protocol.IsAtLeast(sarama.V0_11_0_0) }

// hasOldConsumer tells whether the release has the consumer whose groups are in
// ZooKeeper.
func (r kafkaRelease) hasOldConsumer() bool { return !r.protocol.IsAtLeast(sarama.V2_0_0_0) }

// severalDisks tells whether brokers without ZooKeeper may have several disks.
func (r kafkaRelease) severalDisks() bool { return r.protocol.IsAtLeast(sarama.V3_7_0_0) }

// jars is the name of the release's pom, sums file and cache folder.
func (r kafkaRelease) jars() string { return "kafka-" + r.version }

var kafkaReleases = []kafkaRelease{
	{"0.8.2.2", "3.4.6", sarama.V0_8_2_2, consoleZooKeeper, ""},
	{"0.9.0.1", "3.4.6", sarama.V0_9_0_1, consoleOneTopic, ""},
	{"0.10.2.2", "3.4.14", sarama.V0_10_2_0, consoleWhitelist, ""},
	{"1.1.1", "3.4.14", sarama.V1_1_1_0, consoleWhitelist, ""},
	{"2.1.1", "3.4.14", sarama.V2_1_0_0, consoleWhitelist, ""},
	{"2.4.1", "3.5.10", sarama.V2_4_0_0, consoleWhitelist, ""},
	{"2.8.2", "3.5.10", sarama.V2_8_2_0, consoleWhitelist, ""},
	{"3.3.2", "3.6.4", sarama.V3_3_2_0, consoleInclude, ""},
	{"3.9.2", "3.8.6", sarama.V3_9_0_0, consoleNone, "kafka-tools-3.9.2"},
	{"4.4.0", "", sarama.V4_3_1_0, consoleNone, "kafka-tools-4.3.1"},
}

var zookeeperReleases = []string{"3.4.6", "3.4.14", "3.5.10", "3.6.4", "3.8.6", "3.9.5"}

// KafkaReleases returns the releases of Kafka that Start knows, oldest first.
// The slice is the caller's.
func KafkaReleases() []string {
	var out []string
	for _, r := range kafkaReleases {
		out = append(out, r.version)
	}
	return out
}

// ZooKeeperReleases returns the releases of ZooKeeper that Start knows, oldest
// first. The slice is the caller's.
func ZooKeeperReleases() []string {
	return append([]string(nil), zookeeperReleases...)
}

// PairedZooKeeper returns the release of ZooKeeper that Start puts under a
// release of Kafka by default, and "" for a release that runs without
// ZooKeeper. It fails on a release that Start does not know.
func PairedZooKeeper(kafka string) (string, error) {
	r, err := findKafka(kafka)
	return r.zookeeper, err
}

// JarSets returns the names of everything that Fetch takes: "kafka-0.9.0.1",
// "zookeeper-3.4.6" and so on. The slice is the caller's.
func JarSets() []string {
	var out []string
	for _, r := range kafkaReleases {
		out = append(out, r.jars())
		if r.tools != "" {
			out = append(out, r.tools)
		}
	}
	for _, v := range zookeeperReleases {
		out = append(out, "zookeeper-"+v)
	}
	return append(out, AxeJars)
}

// AxeJars is the set of jars whose one jar carries axe.min.js, which judges how accessible
// a page is. The jar is named for what else it is made for.
const AxeJars = "selenium-4.11.0"

func findKafka(version string) (kafkaRelease, error) {
	for _, r := range kafkaReleases {
		if r.version == version {
			return r, nil
		}
	}
	return kafkaRelease{}, fmt.Errorf("testbed: no Kafka release %q; there are %s", version, strings.Join(KafkaReleases(), ", "))
}

func checkZooKeeper(version string) error {
	for _, v := range zookeeperReleases {
		if v == version {
			return nil
		}
	}
	return fmt.Errorf("testbed: no ZooKeeper release %q; there are %s", version, strings.Join(zookeeperReleases, ", "))
}
