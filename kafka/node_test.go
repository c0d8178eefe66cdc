package kafka

import (
	"testing"

	"github.com/IBM/sarama"
)

func TestReleaseOfRegistration(t *testing.T) {
	for _, tt := range []struct {
		registration  int
		version       sarama.KafkaVersion
		apiVersions   bool
		hasGroups     bool
		listsEmpty    bool
		fetchAll      bool
		whatThatMeans string
	}{
		{-1, sarama.V0_9_0_1, false, true, false, false, "not a version at all"},
		{0, sarama.V0_9_0_1, false, true, false, false, "unknown"},
		{1, sarama.V0_8_2_0, false, false, false, false, "0.8"},
		{2, sarama.V0_9_0_1, false, true, false, false, "0.9"},
		{3, sarama.V0_10_0_0, true, true, false, false, "0.10.0"},
		{4, sarama.V0_10_2_0, true, true, true, true, "0.10.2 to 2.x"},
		{5, sarama.V2_6_0_0, true, true, true, true, "2.6 and later"},
		{6, sarama.V2_6_0_0, true, true, true, true, "a later one"},
	} {
		n := Node{Registration: tt.registration}
		if got := n.release(); got.version != tt.version || got.apiVersions != tt.apiVersions {
			t.Errorf("registration %d (%s): release %v, want %v, ApiVersions %v", tt.registration, tt.whatThatMeans, got, tt.version, tt.apiVersions)
		}
		if got := n.HasGroups(); got != tt.hasGroups {
			t.Errorf("registration %d (%s): HasGroups = %v", tt.registration, tt.whatThatMeans, got)
		}
		if got := n.ListsEmptyGroups(); got != tt.listsEmpty {
			t.Errorf("registration %d (%s): ListsEmptyGroups = %v", tt.registration, tt.whatThatMeans, got)
		}
		if got := n.CanFetchAllOffsets(); got != tt.fetchAll {
			t.Errorf("registration %d (%s): CanFetchAllOffsets = %v", tt.registration, tt.whatThatMeans, got)
		}
	}
}

func TestNodeName(t *testing.T) {
	for n, want := range map[Node]string{
		{ID: 3, Addr: "k3:9092"}:    "broker 3 at k3:9092",
		{ID: 0, Addr: "k0:9092"}:    "broker 0 at k0:9092",
		{ID: -1, Addr: "boot:9092"}: "bootstrap address boot:9092",
	} {
		if got := n.String(); got != want {
			t.Errorf("String() = %q, want %q", got, want)
		}
	}
}

// The expected values come from org.apache.kafka.common.utils.Utils.abs of
// kafka-clients 0.9.0.1, run on a JVM.
func TestCoordinatorPartition(t *testing.T) {
	for _, tt := range []struct {
		group      string
		partitions int32
		want       int32
		why        string
	}{
		{"", 50, 0, "hash 0"},
		{"a", 50, 47, "hash 97"},
		{"test", 50, 48, "hash 3556498"},
		{"test", 4, 2, "hash 3556498"},
		{"test", 1, 0, "only one partition"},
		{"billing", 50, 9, "hash -109829509; a mask of the sign bit would give 39"},
		{"my-group", 50, 12, "hash -1906497762"},
		{"payments.v2", 50, 39, "hash -1539522339"},
		{"payments.v2", 4, 3, "hash -1539522339"},
		{"connect-cluster", 50, 13, "hash 1440343063"},
		{"polygenelubricants", 50, 0, "hash Integer.MIN_VALUE"},
		{"grüppe", 50, 12, "two bytes in UTF-8, one unit in UTF-16"},
		{"消费者", 50, 6, "three bytes in UTF-8, one unit in UTF-16"},
		{"group-😀", 50, 7, "a surrogate pair"},
		{"test", 0, -1, "no partitions"},
	} {
		if got := CoordinatorPartition(tt.group, tt.partitions); got != tt.want {
			t.Errorf("CoordinatorPartition(%q, %d) = %d, want %d (%s)", tt.group, tt.partitions, got, tt.want, tt.why)
		}
	}
}
