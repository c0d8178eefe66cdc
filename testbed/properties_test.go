package testbed

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// defaultBroker is the whole server.properties of broker 1 of the zero Spec.
const defaultBroker = `auto.leader.rebalance.enable=false
background.threads=2
broker.id=1
controlled.shutdown.enable=true
controlled.shutdown.retry.backoff.ms=200
delete.topic.enable=true
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
listeners=PLAINTEXT://127.0.0.1:20011
log.cleaner.dedupe.buffer.size=2097152
log.dirs=/data
log.index.size.max.bytes=1048576
num.io.threads=2
num.network.threads=2
offsets.topic.num.partitions=4
offsets.topic.replication.factor=2
replication.quota.window.size.seconds=60
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
share.coordinator.state.topic.replication.factor=2
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=2
zookeeper.connect=127.0.0.1:20001/kafka
zookeeper.connection.timeout.ms=30000
zookeeper.session.timeout.ms=3000
`

// rendered returns the settings of broker 1 of a release.
func rendered(t *testing.T, spec Spec) map[string]string {
	t.Helper()
	spec, rel, err := spec.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	ports := []brokerPorts{{20010, 20020}, {20011, 20021}, {20012, 20022}}
	if rel.kraft() {
		return kraftProperties(spec, 1, ports, "/data")
	}
	return brokerProperties(spec, rel, 1, ports[1], "127.0.0.1:20001/kafka", "/data")
}

func TestBrokerProperties(t *testing.T) {
	if diff := cmp.Diff(defaultBroker, formatProperties(rendered(t, Spec{}))); diff != "" {
		t.Errorf("server.properties of 0.9.0.1 (-want +got):\n%s", diff)
	}
	whole := rendered(t, Spec{})
	for _, release := range KafkaReleases() {
		want := maps.Clone(whole)
		switch release {
		case "0.8.2.2":
			delete(want, "listeners")
			want["host.name"], want["port"] = "127.0.0.1", "20011"
		case "4.4.0":
			want = kraftWant(want)
		}
		if diff := cmp.Diff(want, rendered(t, Spec{Kafka: release})); diff != "" {
			t.Errorf("server.properties of %s (-want +got):\n%s", release, diff)
		}
	}
}

// kraftWant turns the settings of a broker into those of a combined node, of
// which there are three by default.
func kraftWant(p map[string]string) map[string]string {
	for _, key := range []string{"broker.id", "zookeeper.connect", "zookeeper.connection.timeout.ms", "zookeeper.session.timeout.ms"} {
		delete(p, key)
	}
	for _, key := range []string{"offsets.topic", "transaction.state.log", "share.coordinator.state.topic"} {
		p[key+".replication.factor"] = "3"
	}
	maps.Copy(p, map[string]string{
		"process.roles":                  "broker,controller",
		"node.id":                        "1",
		"controller.quorum.voters":       "0@127.0.0.1:20020,1@127.0.0.1:20021,2@127.0.0.1:20022",
		"controller.listener.names":      "CONTROLLER",
		"listeners":                      "PLAINTEXT://127.0.0.1:20011,CONTROLLER://127.0.0.1:20021",
		"advertised.listeners":           "PLAINTEXT://127.0.0.1:20011",
		"listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
		"broker.session.timeout.ms":      "3000",
		"broker.heartbeat.interval.ms":   "500",

		"group.consumer.session.timeout.ms":        "3000",
		"group.consumer.min.session.timeout.ms":    "3000",
		"group.consumer.heartbeat.interval.ms":     "500",
		"group.consumer.min.heartbeat.interval.ms": "500",
	})
	return p
}

func TestBrokerPropertiesOverride(t *testing.T) {
	for _, release := range []string{"0.9.0.1", "4.4.0"} {
		p := rendered(t, Spec{
			Kafka:      release,
			Properties: map[string]string{"num.io.threads": "9", "min.insync.replicas": "2"},
			BrokerProperties: map[int]map[string]string{
				0: {"num.network.threads": "7"},
				1: {"min.insync.replicas": "1"},
			},
		})
		if p["num.io.threads"] != "9" || p["min.insync.replicas"] != "1" || p["num.network.threads"] != "2" {
			t.Errorf("%s: num.io.threads=%s min.insync.replicas=%s num.network.threads=%s; want 9, 1, 2",
				release, p["num.io.threads"], p["min.insync.replicas"], p["num.network.threads"])
		}
	}
}

func TestZooProperties(t *testing.T) {
	ports := []zkPorts{{20001, 20002, 20003, 20004}, {20005, 20006, 20007, 20008}}
	spec := Spec{ZooKeeperProperties: map[string]string{"4lw.commands.whitelist": "*", "syncLimit": "4"}, AdminServer: true}
	const want = `4lw.commands.whitelist=*
admin.enableServer=true
admin.serverPort=20008
clientPort=20005
clientPortAddress=127.0.0.1
dataDir=/data
initLimit=20
maxClientCnxns=0
server.1=127.0.0.1:20002:20003
server.2=127.0.0.1:20006:20007
syncLimit=4
tickTime=500
`
	if diff := cmp.Diff(want, formatProperties(zooProperties(spec, 1, ports, "/data"))); diff != "" {
		t.Errorf("zoo.cfg (-want +got):\n%s", diff)
	}
	alone := zooProperties(Spec{}, 0, ports[:1], "/data")
	if _, ok := alone["server.1"]; ok {
		t.Error("a single server must stand alone, without a list of servers")
	}
}

func TestFormatPropertiesEscapes(t *testing.T) {
	got := formatProperties(map[string]string{"a": `C:\x`, "b": "one\ntwo"})
	if want := "a=C:\\\\x\nb=one\\ntwo\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
