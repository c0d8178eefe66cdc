package kafka

import "testing"

func TestCautionByRegistration(t *testing.T) {
	for registration, want := range map[int]caution{
		-1: anyRelease, 0: anyRelease, 1: is08, 2: since09, 3: asksVersions, 4: asksVersions, 5: asksVersions, 6: asksVersions,
	} {
		if got := (Node{Registration: registration}).caution(); got != want {
			t.Errorf("registration %d: caution %d, want %d", registration, got, want)
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
