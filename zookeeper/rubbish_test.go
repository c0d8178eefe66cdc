package zookeeper

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evenkeel/evenkeel/cluster"
)

func TestRubbishIsToldAndSpoilsNothingElse(t *testing.T) {
	z, s := newKafka(t)
	z.set("/kafka/brokers/ids/1", `{"version":4,"rack":"r2","endpoints":["nonsense"]}`)
	z.set("/kafka/brokers/ids/two", broker09)
	z.set("/kafka/controller", `{}`)
	z.set("/kafka/cluster/id", `[]`)
	z.set("/kafka/brokers/topics/bad", `{"version":1,"partitions":{"-1":[0]}}`)
	z.set("/kafka/brokers/topics/secret", `{"version":1,"partitions":{"0":[0]}}`)
	z.forbid("/kafka/brokers/topics/secret")
	z.set(statePath("t", 1), `{"leader":`)
	z.set("/kafka/admin/reassign_partitions", `{"partitions":[{}]}`)

	got := s.Registry(within(t), nil)
	brokers := mustRead(t, got.Registrations)
	if b := brokers[1]; len(brokers) != 2 || b == nil || len(b.Endpoints) > 0 || b.Rack != "r2" || b.Session == 0 {
		t.Errorf("brokers %v", brokers)
	}
	if got.Controller.OK() || got.ClusterID != "" {
		t.Errorf("controller %+v, cluster %q", got.Controller, got.ClusterID)
	}
	picture := mustRead(t, got.Picture)
	if !picture.Topic("bad").Unreadable || !picture.Topic("secret").Unreadable || picture.Topic("t").Unreadable {
		t.Errorf("picture %+v", picture)
	}
	if p := picture.Topic("t").Partition(1); p.State != cluster.StateUnknown || p.Leader != cluster.NoLeader {
		t.Errorf("partition %+v", p)
	}
	reasons := make(map[string]string)
	for _, f := range slices.Concat(got.Members.Faults, got.Partitions.Faults) {
		reasons[f.Target] = f.Reason
		if !strings.Contains(f.Err.Error(), strings.TrimPrefix(f.Target, "znode ")) {
			t.Errorf("error %q does not name %s", f.Err, f.Target)
		}
	}
	bad := string(cluster.ServerBadReply)
	if diff := cmp.Diff(map[string]string{
		"znode /kafka/brokers/ids/1": bad, "znode /kafka/brokers/ids/two": bad, "znode /kafka/controller": bad,
		"znode /kafka/cluster/id": bad, "znode /kafka/brokers/topics/bad": bad, "znode " + statePath("t", 1): bad,
		"znode /kafka/admin/reassign_partitions": bad, "znode /kafka/brokers/topics/secret": cluster.ReasonPermission,
	}, reasons); diff != "" {
		t.Error(diff)
	}
}

func TestFaultsDoNotFlood(t *testing.T) {
	z, s := newKafka(t)
	z.set("/kafka/brokers/topics/t", `{"version":1,"partitions":{`+strings.Join(partitionList(300), ",")+`}}`)
	for i := range 300 {
		z.set(statePath("t", i), "rubbish")
	}
	got := s.Registry(within(t), nil)
	faults := got.Partitions.Faults
	if len(faults) != maxFaults+1 || faults[maxFaults].Target != "280 more znodes" || faults[maxFaults].Reason != string(cluster.ServerBadReply) {
		t.Errorf("%d faults, the last %v", len(faults), faults[len(faults)-1])
	}
}

// TestForbiddenZnodes holds that an ACL on one znode is told and spoils no other.
func TestForbiddenZnodes(t *testing.T) {
	z, s := newKafka(t)
	z.set("/kafka/admin/reassign_partitions", "")
	paths := []string{
		"/kafka/brokers/ids/1", "/kafka/controller", "/kafka/cluster/id",
		statePath("t", 1), "/kafka/admin/reassign_partitions", "/kafka/admin/delete_topics",
	}
	for _, p := range paths {
		z.forbid(p)
	}
	got := s.Registry(within(t), nil)
	if b := mustRead(t, got.Registrations)[1]; b == nil || len(b.Endpoints) > 0 {
		t.Errorf("broker %+v", b)
	}
	if p := mustRead(t, got.Picture).Topic("t").Partition(1); p.State != cluster.StateUnknown {
		t.Errorf("partition %+v", p)
	}
	if !mustRead(t, got.Picture).MovesUnknown {
		t.Error("where partitions are moved to is forbidden, and passes for known")
	}
	told := slices.Concat(got.Members.Faults, got.Partitions.Faults)
	if len(told) != len(paths) || got.Controller.OK() {
		t.Errorf("faults %v", told)
	}
	for _, f := range told {
		if f.Reason != cluster.ReasonPermission {
			t.Errorf("%s: %s", f.Target, f.Reason)
		}
	}
}
