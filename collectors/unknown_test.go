package collectors

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/metrics"
)

// told is everything that an exposition says of a snapshot.
func told(t *testing.T, cfg config.Cluster, s *cluster.Snapshot) string {
	t.Helper()
	encoded, err := NewExposition(cfg, metrics.NewEncoder(), slog.New(slog.DiscardHandler)).Encode(s, nil)
	if err != nil {
		t.Fatal(err)
	}
	return exposition(t, append(encoded.Cluster, encoded.Itself)...)
}

// tells fails the test unless the text has every series that is wanted, written
// without kafka_cluster, and neither series nor family of what stands behind a "!".
func tells(t *testing.T, text string, want ...string) {
	t.Helper()
	text = "\n" + strings.ReplaceAll(strings.ReplaceAll(text, `{kafka_cluster="c",`, "{"), `{kafka_cluster="c"}`, "")
	for _, w := range want {
		if unwanted, absent := strings.CutPrefix(w, "!"); absent {
			if strings.Contains(text, "\n"+unwanted+" ") || strings.Contains(text, "\n"+unwanted+"{") {
				t.Errorf("%s is told", unwanted)
			}
		} else if !strings.Contains(text, "\n"+w+"\n") {
			t.Errorf("%s is not told", w)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

// change returns the story's snapshot with one thing made different.
func change(f func(s *cluster.Snapshot, p *cluster.Picture)) *cluster.Snapshot {
	s := storySnapshot()
	picture, _ := s.Picture.Get()
	f(s, picture)
	return finish(s)
}

// A sum of which one part is unknown is unknown; what does not depend on that part
// is told all the same.
func TestSumsOverSomethingUnknownAreAbsent(t *testing.T) {
	states := []string{
		"!kafka_broker_out_of_sync_replicas", "!kafka_broker_leaders", "!kafka_broker_leader_imbalance_ratio",
	}
	registry := []string{
		"!kafka_offline_partitions", "!kafka_leader_unreachable_partitions", "!kafka_under_replicated_partitions",
		"!kafka_not_preferred_partitions", "!kafka_broker_stop_would_offline_partitions",
	}
	assignment := []string{
		"!kafka_partitions", "!kafka_reassigning_partitions", "!kafka_broker_replicas", "!kafka_broker_preferred_leaders", "!kafka_brokers_expected",
	}
	for _, c := range []struct {
		name   string
		s      *cluster.Snapshot
		absent [][]string
		told   []string
	}{
		{
			"a topic's znode holds rubbish",
			change(func(_ *cluster.Snapshot, p *cluster.Picture) {
				p.Topics[1] = cluster.Topic{Name: "notes", Unreadable: true}
			}),
			[][]string{states, registry, assignment},
			[]string{`kafka_topic_partition_leader{topic="test",partition="0"} 1`, `kafka_topic_partitions{topic="test"} 3`, `!kafka_topic_partitions{topic="notes"}`, "kafka_brokers 1"},
		},
		{
			"a partition's state holds rubbish",
			change(func(_ *cluster.Snapshot, p *cluster.Picture) {
				p.Topics[2].Partitions[1] = cluster.Partition{ID: 1, Replicas: []int32{1, 0}, Leader: cluster.NoLeader}
			}),
			[][]string{states, registry},
			[]string{
				"kafka_partitions 4", `kafka_broker_replicas{broker="0"} 3`, `kafka_broker_preferred_leaders{broker="0"} 2`, "kafka_brokers_expected 2",
				`!kafka_topic_partition_leader{topic="test",partition="1"}`, `!kafka_topic_partition_in_sync_replica{topic="test",partition="1"}`,
				`!kafka_topic_partition_under_replicated_partition{topic="test",partition="1"}`, `!kafka_topic_partition_leader_is_preferred{topic="test",partition="1"}`,
				`kafka_topic_partition_replicas{topic="test",partition="1"} 2`, `kafka_topic_partition_leader{topic="test",partition="2"} -1`,
			},
		},
		{
			"whether a broker is registered is not known",
			change(func(s *cluster.Snapshot, _ *cluster.Picture) {
				s.Brokers[0].Registration = &cluster.Registration{ID: 0}
				s.Brokers[1].RegistryRead, s.Brokers[1].Registration = false, nil
			}),
			[][]string{registry},
			[]string{"kafka_partitions 4", `kafka_broker_leaders{broker="1"} 3`, "!kafka_brokers", `!kafka_broker_up{broker="1"}`, `!kafka_broker_registered{broker="1"}`},
		},
		{
			"a leader could not be asked",
			change(func(s *cluster.Snapshot, _ *cluster.Picture) {
				s.Brokers[1].Address, s.Brokers[1].Probe = "", cluster.Probe{Status: cluster.BrokerUnknown}
			}),
			nil,
			[]string{"!kafka_leader_unreachable_partitions", "kafka_offline_partitions 1", `kafka_broker_leaders{broker="1"} 3`, "!kafka_brokers"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, absent := range c.absent {
				tells(t, told(t, testConfig(t), c.s), absent...)
			}
			tells(t, told(t, testConfig(t), c.s), c.told...)
		})
	}
}

func TestWhatNobodyIsOrHas(t *testing.T) {
	s := change(func(s *cluster.Snapshot, _ *cluster.Picture) {
		s.Controller = cluster.Read(cluster.Controller{}) // whose id, 0, is not broker 0
		s.Brokers = append(s.Brokers, cluster.Broker{ID: 7, RegistryRead: true, Registration: &cluster.Registration{ID: 7}, Probe: cluster.Probe{Status: cluster.BrokerUnknown}})
		for i := range s.Ensemble.Servers {
			s.Ensemble.Servers[i] = cluster.Server{Name: s.Ensemble.Servers[i].Name, Mode: cluster.ModeUnreachable, Status: cluster.ServerTimeout}
		}
	})
	tells(t, told(t, testConfig(t), s), "kafka_active_controllers 0", `kafka_broker_is_controller{broker="0"} 0`,
		`!kafka_broker_info{id="7",address=""}`, "!kafka_brokers", "!zk_ensemble_has_quorum", "!zk_ensemble_leaders", "!zk_ensemble_voters")
	blind := blindSnapshot()
	blind.Brokers = nil
	tells(t, told(t, testConfig(t), finish(blind)), "!kafka_brokers", "kafka_cluster_reachable 1")
	balanced := storySnapshot()
	balanced.History = cluster.History{}
	tells(t, told(t, testConfig(t), balanced), "!kafka_leader_imbalance_since_timestamp_seconds")
}

func TestCountersAreNotMixedUp(t *testing.T) {
	s := storySnapshot()
	s.History.ISRShrinks, s.History.ISRExpands = map[int32]int{1: 2}, map[int32]int{1: 3}
	s.History.Elections, s.History.UncleanElections = 5, 4
	tells(t, told(t, testConfig(t), s), `kafka_isr_shrinks_total{broker="1"} 2`, `kafka_isr_expands_total{broker="1"} 3`,
		"kafka_leader_elections_total 5", "kafka_unclean_leader_elections_total 4")
}

func TestLastSuccessStaysWhileACollectorFails(t *testing.T) {
	const name = "evenkeel_collector_last_success_timestamp_seconds"
	e := NewExposition(testConfig(t), metrics.NewEncoder(), slog.New(slog.DiscardHandler))
	encode := func(s *cluster.Snapshot, finished time.Time, want ...string) {
		t.Helper()
		s.Finished = finished
		encoded, err := e.Encode(s, nil)
		if err != nil {
			t.Fatal(err)
		}
		tells(t, exposition(t, encoded.Itself), want...)
	}
	encode(storySnapshot(), t0, name+`{collector="isr"} 1767323045`, name+`{collector="zookeeper"} 1767323045`)
	encode(blindSnapshot(), t0.Add(2*time.Second), name+`{collector="isr"} 1767323045`, name+`{collector="zookeeper"} 1767323047`)
}

func TestGroupsAreToldOnlyWhereTheirTopicsAre(t *testing.T) {
	s := change(func(s *cluster.Snapshot, _ *cluster.Picture) {
		commit := func(topic string) cluster.GroupOffsets {
			return cluster.GroupOffsets{Topic: topic, Commits: []cluster.Commit{{Partition: 0, Offset: cluster.OffsetAt(1)}}}
		}
		s.Groups = cluster.Read(&cluster.Groups{Groups: []cluster.Group{
			{Name: "g", Members: 1, Topics: []cluster.GroupOffsets{commit("dying"), commit("gone"), commit("hidden"), commit("test")}},
			{Name: "idle", Members: 1, Topics: []cluster.GroupOffsets{{Topic: "test"}}},
		}})
	})
	cfg := testConfig(t)
	sums := []string{
		`kafka_consumergroup_lag_sum{consumergroup="g",topic="test"} 104`, `kafka_consumergroup_current_offset_sum{consumergroup="g",topic="test"} 1`,
		`!kafka_consumergroup_lag_sum{consumergroup="g",topic="hidden"}`, `!kafka_consumergroup_current_offset_sum{consumergroup="g",topic="hidden"}`,
		`!kafka_consumergroup_lag_sum{consumergroup="idle",topic="test"}`, `!kafka_consumergroup_current_offset_sum{consumergroup="g",topic="dying"}`, `!kafka_consumergroup_current_offset_sum{consumergroup="g",topic="gone"}`,
	}
	tells(t, told(t, cfg, s), append(sums, `kafka_consumergroup_lag{consumergroup="g",topic="test",partition="0"} 104`)...)
	cfg.Groups.PerPartition = false
	tells(t, told(t, cfg, s), append(sums, "!kafka_consumergroup_lag", "!kafka_consumergroup_current_offset")...)
}

func TestPartitionsAreLeftOutAboveTheLimit(t *testing.T) {
	for n, want := range map[int]bool{autoPartitions: true, autoPartitions + 1: false} {
		got := show(testConfig(t), &cluster.Snapshot{Summary: &cluster.Summary{Partitions: n}})
		if got.PerPartition != want || got.Limited[limitPerPartition] == want {
			t.Errorf("%d partitions: shown %v, limited %v", n, got.PerPartition, got.Limited)
		}
	}
	cfg := testConfig(t)
	cfg.Topics.PerPartition = config.PerPartitionOn
	if !show(cfg, &cluster.Snapshot{Summary: &cluster.Summary{Partitions: autoPartitions + 1}}).PerPartition {
		t.Error("what is asked for is not shown")
	}
}

func TestPollsAddUp(t *testing.T) {
	f := newFake()
	p := poller(t, f)
	p.poll(t)
	picture, _ := f.registry.Picture.Get()
	next := &cluster.Picture{Topics: []cluster.Topic{{Name: "test", Partitions: slices.Clone(picture.Topic("test").Partitions)}}}
	next.Topics[0].Partitions[0].Leader, next.Topics[0].Partitions[0].LeaderEpoch = 1, 1
	f.registry.Picture = cluster.Read(next)
	result := p.Poll(t.Context(), cluster.TriggerInterval)
	if h := result.Snapshot.History; h.Elections != 1 || h.Polls[cluster.TriggerInterval] != 2 {
		t.Errorf("%d elections in %d polls", h.Elections, h.Polls[cluster.TriggerInterval])
	}
	if !slices.Contains(result.Events, "1 partitions have another leader now") {
		t.Errorf("events %q", result.Events)
	}
}

func TestRequestsAreCountedFromZero(t *testing.T) {
	c := newRequestCounter()
	c.observe("ListOffsets", nil)
	c.observe("ListOffsets", errors.New("x"))
	c.observe("ApiVersions", nil)
	var want []cluster.RequestCount
	for _, api := range polledAPIs {
		switch api {
		case "ApiVersions":
			want = append(want, cluster.RequestCount{API: api, Sent: 1})
		case "ListOffsets":
			want = append(want, cluster.RequestCount{API: api, Sent: 2, Failed: 1})
		default:
			want = append(want, cluster.RequestCount{API: api})
		}
	}
	if got := c.counts(); !slices.Equal(got, want) {
		t.Errorf("counts %+v", got)
	}
}
