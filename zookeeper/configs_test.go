package zookeeper

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evenkeel/evenkeel/cluster"
)

func TestTopicConfigs(t *testing.T) {
	z, s := newKafka(t)
	z.set("/kafka/config/topics/two", `{"version":1,"config":{"min.insync.replicas":"2","retention.ms":"1"}}`)
	z.set("/kafka/config/topics/other", `{"version":1,"config":{"retention.ms":"1"}}`)
	z.set("/kafka/config/topics/empty", "")
	z.set("/kafka/config/topics/rubbish", `{"config":{"min.insync.replicas":2}}`)
	z.set("/kafka/config/topics/secret", `{}`)
	z.forbid("/kafka/config/topics/secret")
	topics := []string{"two", "other", "empty", "rubbish", "secret", "none"}
	want := map[string]string{"two": "2"}
	for i := range 3 * maxInFlight {
		name := fmt.Sprintf("t%d", i)
		z.set("/kafka/config/topics/"+name, fmt.Sprintf(`{"version":1,"config":{"min.insync.replicas":"%d"}}`, i))
		topics, want[name] = append(topics, name), fmt.Sprint(i)
	}
	got, faults, err := s.TopicConfigs(within(t), topics, "min.insync.replicas")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	reasons := map[string]string{}
	for _, f := range faults {
		reasons[f.Target] = f.Reason
	}
	if diff := cmp.Diff(map[string]string{
		"znode /kafka/config/topics/rubbish": string(cluster.ServerBadReply),
		"znode /kafka/config/topics/secret":  cluster.ReasonPermission,
	}, reasons); diff != "" {
		t.Error(diff)
	}
}

func TestTopicConfigsWithoutASession(t *testing.T) {
	z, s := newKafka(t)
	z.whenGreeted(func(int) action { return drop })
	got, _, err := s.TopicConfigs(within(t), []string{"t"}, "min.insync.replicas")
	if got != nil || Reason(err) != string(cluster.ServerNotServing) {
		t.Errorf("got %v, error %v", got, err)
	}
}
