package collectors

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

// topicsOf has brokers tell of n topics, each of one partition and with its own
// setting.
func (f *fakeCluster) topicsOf(n int) {
	f.configs = map[string]string{}
	for i := range n {
		f.configs[fmt.Sprintf("t%04d", i)] = "1"
	}
	f.metadata = func() *kafka.Metadata {
		m := metadataOf()
		m.Picture.Topics = nil
		for i := range n {
			partition := cluster.Partition{State: cluster.StateRecorded, Replicas: []int32{0}, ISR: []int32{0}}
			m.Picture.Topics = append(m.Picture.Topics, cluster.Topic{Name: fmt.Sprintf("t%04d", i), Partitions: []cluster.Partition{partition}})
		}
		return m
	}
}

// takeSettings returns the topics of each request for settings since it was called
// last.
func (f *fakeCluster) takeSettings() [][]string {
	taken := f.settings
	f.settings = nil
	return taken
}

// minISROf returns what a snapshot has as min.insync.replicas of a topic.
func minISROf(t *testing.T, s *cluster.Snapshot, topic string) int {
	t.Helper()
	picture, ok := s.Picture.Get()
	if !ok || picture.Topic(topic) == nil {
		t.Fatalf("there is no topic %s", topic)
	}
	return picture.Topic(topic).MinISR
}

func TestSettingsAreReadOnceAndThenSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newKRaft()
		f.topicsOf(1200)
		p := kraftPoller(t, f)
		sizes := func(what string, want ...int) (asked [][]string) {
			t.Helper()
			if s := p.poll(t); !s.Summary.MinISRKnown {
				t.Errorf("%s: not known of all topics", what)
			}
			asked = f.takeSettings()
			var got []int
			for _, topics := range asked {
				got = append(got, len(topics))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: asked for %v topics, want %v", what, got, want)
			}
			return asked
		}
		sizes("first", 500, 500, 200)
		time.Sleep(configsAge - time.Second)
		sizes("too early")
		f.topicsOf(1201)
		if asked := sizes("a new topic", 1); len(asked) == 1 && asked[0][0] != "t1200" {
			t.Errorf("asked for %v", asked[0])
		}
		time.Sleep(time.Second)
		seen := map[string]bool{}
		for i, n := range []int{500, 500, 200} {
			for _, topics := range sizes(fmt.Sprintf("due, poll %d", i), n) {
				for _, topic := range topics {
					seen[topic] = true
				}
			}
		}
		if len(seen) != 1200 {
			t.Errorf("%d topics had their turn", len(seen))
		}
		sizes("all are new again")
	})
}

// Of more topics than one poll may ask for, those come first that were read longest
// ago.
func TestOldestSettingsComeFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := kraftPoller(t, newKRaft())
		picture := &cluster.Picture{}
		for i := range configsBatch + 1 {
			name := fmt.Sprintf("t%04d", i)
			picture.Topics = append(picture.Topics, cluster.Topic{Name: name})
			p.minISR[name] = minISR{value: 1, read: time.Now().Add(-time.Duration(i) * time.Second)}
		}
		time.Sleep(2 * configsAge)
		due := (&reading{Poller: p}).due(picture, time.Now())
		if len(due) != configsBatch || due[0] != fmt.Sprintf("t%04d", configsBatch) || slices.Contains(due, "t0000") {
			t.Errorf("%d topics, the first %s", len(due), due[0])
		}
	})
}

func TestSettingsOfTopicsThatAreGone(t *testing.T) {
	f := newKRaft()
	f.topicsOf(3)
	whole := f.metadata
	f.metadata = func() *kafka.Metadata {
		m := whole()
		m.Picture.Topics[1].Deleting = true
		m.Picture.Topics[2].Unreadable, m.Picture.Topics[2].Partitions = true, nil
		return m
	}
	p := kraftPoller(t, f)
	p.poll(t)
	if asked := f.takeSettings(); len(asked) != 1 || !slices.Equal(asked[0], []string{"t0000"}) {
		t.Errorf("asked for %q", asked)
	}
	f.metadata = func() *kafka.Metadata {
		m := whole()
		m.Picture.Topics = m.Picture.Topics[1:]
		return m
	}
	p.poll(t)
	if _, kept := p.minISR["t0000"]; kept {
		t.Error("a topic that was deleted is remembered")
	}
	f.takeSettings()
	f.metadata, f.configs["t0000"] = whole, "2"
	s := p.poll(t)
	if asked := f.takeSettings(); len(asked) != 1 || minISROf(t, s, "t0000") != 2 {
		t.Errorf("asked %q, and the topic that was made anew has %d", asked, minISROf(t, s, "t0000"))
	}
}

func TestRefusedSettingsAreUnknown(t *testing.T) {
	f := newKRaft()
	f.refused = map[string]error{"test": fmt.Errorf("topic test: %w", sarama.ErrTopicAuthorizationFailed), offsetsTopic: fmt.Errorf("topic o: %w", sarama.ErrTopicAuthorizationFailed)}
	p := kraftPoller(t, f)
	s := p.poll(t)
	o := s.Outcomes[cluster.SourceConfigs]
	if o.Err != nil || len(o.Faults) != 1 || o.Faults[0].Reason != cluster.ReasonPermission || !strings.Contains(o.Faults[0].Err.Error(), "of 2 topics") {
		t.Errorf("outcome %+v, want one fault", o)
	}
	if n := minISROf(t, s, "test"); n != 0 || s.Summary.MinISRKnown {
		t.Errorf("it is %d, known %v", n, s.Summary.MinISRKnown)
	}
	tells(t, told(t, testConfig(t), s), `evenkeel_collector_success{collector="isr"} 1`,
		`evenkeel_collector_errors_total{collector="isr",reason="permission"} 1`,
		"kafka_offline_partitions 0", "!kafka_under_min_isr_partitions", "!kafka_topic_min_in_sync_replicas")
	f.takeSettings()
	if s := p.poll(t); len(f.takeSettings()) != 0 || len(s.Outcomes[cluster.SourceConfigs].Faults) != 1 {
		t.Error("a topic that was refused is asked for in every poll, or is refused no more")
	}
}

// A topic that was made or deleted only now is no fault. Its setting is not given up
// for long either.
func TestTopicThatTheBrokerDoesNotKnowYet(t *testing.T) {
	f := newKRaft()
	f.refused = map[string]error{"test": sarama.ErrUnknownTopicOrPartition}
	p := kraftPoller(t, f)
	s := p.poll(t)
	if o := s.Outcomes[cluster.SourceConfigs]; o.Err != nil || len(o.Faults) != 0 || minISROf(t, s, "test") != 0 || minISROf(t, s, offsetsTopic) != 1 {
		t.Errorf("outcome %+v", o)
	}
	f.refused = nil
	f.takeSettings()
	s = p.poll(t)
	if asked := f.takeSettings(); len(asked) != 1 || !slices.Equal(asked[0], []string{"test"}) || minISROf(t, s, "test") != 2 {
		t.Errorf("asked for %q, it is %d", asked, minISROf(t, s, "test"))
	}
}

// A request that failed tells nothing of the topics, neither that they are unknown.
func TestFailedRequestForgetsNoSetting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newKRaft()
		p := kraftPoller(t, f)
		p.poll(t)
		time.Sleep(configsAge)
		f.fail["configs 0 2 topics"] = errors.New("broken")
		s := p.poll(t)
		if o := s.Outcomes[cluster.SourceConfigs]; o.Err != nil || len(o.Faults) != 1 || minISROf(t, s, "test") != 2 {
			t.Errorf("outcome %+v, it is %d", o, minISROf(t, s, "test"))
		}
		f.fail, f.configs["test"] = map[string]error{}, "1"
		if s := p.poll(t); minISROf(t, s, "test") != 1 {
			t.Error("it is not asked for again at once")
		}
	})
}

// A poll that has no time left blames nobody for it.
func TestSettingsAreLeftOutWithoutTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newKRaft()
		f.hang["offsets 1 -1 map[__consumer_offsets:[0] test:[0 1]]"] = true
		s := kraftPoller(t, f).poll(t)
		if o := s.Outcomes[cluster.SourceConfigs]; len(f.calls("configs")) != 0 || len(o.Faults) != 0 || len(s.Outcomes[cluster.SourceOffsets].Faults) == 0 {
			t.Errorf("asked %q, outcome %+v", f.calls("configs"), o)
		}
	})
}

func TestRubbishSettingsAreUnknown(t *testing.T) {
	for _, rubbish := range []string{"x", "0", "-1", ""} {
		f := newKRaft()
		f.configs["test"] = rubbish
		s := kraftPoller(t, f).poll(t)
		o := s.Outcomes[cluster.SourceConfigs]
		if len(o.Faults) != 1 || o.Faults[0].Reason != string(cluster.BrokerProtocolError) || o.Err != nil {
			t.Errorf("%q: outcome %+v", rubbish, o)
		}
		if minISROf(t, s, "test") != 0 || minISROf(t, s, offsetsTopic) != 1 {
			t.Errorf("%q: it is %d, of the other topic %d", rubbish, minISROf(t, s, "test"), minISROf(t, s, offsetsTopic))
		}
	}
}

func TestSettingsFromZooKeeper(t *testing.T) {
	unreadable := []cluster.Fault{{Target: "znode", Reason: string(cluster.ServerBadReply), Err: errors.New("rubbish")}}
	for name, c := range map[string]struct {
		znode                string
		brokers              int // kafka.min_insync_replicas
		unreadable           []cluster.Fault
		test, hidden, faults int
	}{
		"own and configured":          {"2", 1, nil, 2, 1, 0},
		"own, and nothing configured": {"2", 0, nil, 2, 0, 0},
		"a znode cannot be read":      {"2", 1, unreadable, 2, 0, 1},
		"rubbish":                     {"x", 1, nil, 0, 1, 1},
	} {
		f := newFake()
		f.znodes, f.unreadable = map[string]string{"test": c.znode}, c.unreadable
		p := poller(t, f)
		p.cfg.Kafka.MinInsyncReplicas = c.brokers
		s := p.poll(t)
		if test, hidden := minISROf(t, s, "test"), minISROf(t, s, "hidden"); test != c.test || hidden != c.hidden {
			t.Errorf("%s: %d and %d, want %d and %d", name, test, hidden, c.test, c.hidden)
		}
		if o := s.Outcomes[cluster.SourceConfigs]; o.Err != nil || len(o.Faults) != c.faults {
			t.Errorf("%s: %+v", name, o)
		}
		if asked := f.calls("configs"); len(asked) != 0 {
			t.Errorf("%s: brokers that cannot tell are asked %q", name, asked)
		}
		f.takeSettings()
		if p.poll(t); len(f.takeSettings()) != 0 {
			t.Errorf("%s: asked again in the next poll", name)
		}
	}
}

func TestSettingsMeanNothingWithoutISRs(t *testing.T) {
	f := newKRaft()
	f.identity.Mode, f.identity.Quorum = "", false // it only speaks the protocol
	s := kraftPoller(t, f).poll(t)
	if o := s.Outcomes[cluster.SourceConfigs]; len(f.calls("configs")) != 0 || o.Err != nil || len(o.Faults) != 0 || minISROf(t, s, "test") != 0 {
		t.Errorf("asked %q, outcome %+v", f.calls("configs"), o)
	}
}

func TestSessionTimeoutIsLearnt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const call = "broker config " + sessionKeyKRaft
		f := newKRaft()
		f.fail[call] = errors.New("refused")
		p := kraftPoller(t, f)
		for range 2 {
			p.poll(t)
		}
		if asked := f.calls(call); p.session != 0 || len(asked) != 1 {
			t.Errorf("session %v, asked %d times; want once in a while", p.session, len(asked))
		}
		delete(f.fail, call)
		for range 2 {
			time.Sleep(configsAge)
			p.poll(t)
		}
		if asked := f.calls(call); p.session != 3*time.Second || len(asked) != 3 {
			t.Errorf("session %v, asked %d times; want at the pace of the other settings", p.session, len(asked))
		}
	})
}
