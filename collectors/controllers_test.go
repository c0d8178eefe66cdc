package collectors

import (
	"errors"
	"testing"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/cluster"
)

func TestQuorumIsNotAskedWithoutAController(t *testing.T) {
	f := newKRaft()
	for _, id := range []string{"-1", "0", "1"} {
		f.fail["reassignments "+id] = errors.New("no controller")
	}
	s := kraftPoller(t, f).poll(t)
	if asked := f.calls("quorum"); len(asked) != 0 || s.Quorum.OK() {
		t.Errorf("asked %q, read %v", asked, s.Quorum.OK())
	}
	if err := s.Outcomes[cluster.SourceQuorum].Err; !errors.Is(err, cluster.ErrDepends) {
		t.Errorf("outcome %v", err)
	}
	tells(t, told(t, testConfig(t), s), `evenkeel_collector_success{collector="quorum"} 0`, "!kafka_quorum_voters", "!kafka_quorum_leader_id")
}

func TestQuorumThatFailsTakesNothingElse(t *testing.T) {
	f := newKRaft()
	f.fail["quorum"] = sarama.ErrClusterAuthorizationFailed
	s := kraftPoller(t, f).poll(t)
	tells(t, told(t, testConfig(t), s),
		`evenkeel_collector_success{collector="quorum"} 0`, `evenkeel_collector_errors_total{collector="quorum",reason="permission"} 1`,
		`evenkeel_collector_success{collector="brokers"} 1`, `evenkeel_collector_success{collector="isr"} 1`, `evenkeel_collector_success{collector="leadership"} 1`, `evenkeel_collector_success{collector="lag"} 1`,
		"kafka_active_controllers 1", "!kafka_broker_is_controller", "!kafka_quorum_voters")
	delete(f.fail, "quorum")
	s = kraftPoller(t, f).poll(t)
	tells(t, told(t, testConfig(t), s), `evenkeel_collector_success{collector="quorum"} 1`, `kafka_broker_is_controller{broker="1"} 1`, "kafka_quorum_voters 2")
}

func TestReleasesWhoseQuorumCannotBeAsked(t *testing.T) {
	f := newKRaft()
	f.identity.Quorum = false
	s := kraftPoller(t, f).poll(t)
	if asked := f.calls("quorum"); len(asked) != 0 {
		t.Errorf("asked %q", asked)
	}
	tells(t, told(t, testConfig(t), s), "kafka_active_controllers 1", "!kafka_broker_is_controller")
}

// What a cluster does not have cannot fail, nor succeed.
func TestCollectorsThatDoNotApplyTellNothing(t *testing.T) {
	own := func(collector string) (all []string) {
		for _, name := range []string{"success", "duration_seconds", "last_success_timestamp_seconds"} {
			all = append(all, `!evenkeel_collector_`+name+`{collector="`+collector+`"}`)
		}
		for _, reason := range bothReasons {
			all = append(all, `!evenkeel_collector_errors_total{collector="`+collector+`",reason="`+reason+`"}`)
		}
		return all
	}
	kraft := told(t, testConfig(t), kraftPoller(t, newKRaft()).poll(t))
	tells(t, kraft, append(own("zookeeper"), `evenkeel_collector_success{collector="quorum"} 1`)...)
	old := told(t, testConfig(t), poller(t, newFake()).poll(t))
	tells(t, old, append(own("quorum"), `evenkeel_collector_success{collector="zookeeper"} 1`)...)
}
