//go:build cluster

package acceptance

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/alerts"
	"github.com/evenkeel/evenkeel/testbed"
)

// haste is what all time in the rules, and the poll interval, is divided by.
const haste = 30

// alarm is a cluster that is watched in two ways: by evenkeel with its own evaluator and an
// Alertmanager, and by a Prometheus server and another. Both have the same rules and the
// same inhibition.
type alarm struct {
	t         *testing.T
	ctx       context.Context
	c         *testbed.Cluster
	p         *program
	flags     []string
	password  string // the file
	own, prom *pager
	ownAM     *service
	begun     time.Time
}

// slow are alerts that take so long that they begin scenes before their own.
var slow = []string{"KafkaConsumerGroupWithoutMembers/warning", "KafkaLeadershipImbalanced/warning"}

// TestAlerts plays what happens to clusters, and wants the same notifications in both ways.
func TestAlerts(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	a := newAlarm(ctx, t)
	left := a.leaveGroup()
	a.scene("group stalled", "KafkaConsumerGroupStalled/warning", func(t *testing.T) (end func()) {
		must(t, a.c.Produce(ctx, "test", 0, 5))
		must(t, a.c.CommitOffset(ctx, "stuck", "test", 0, 1))
		return idle(t, a.c, "stuck", "test")
	})
	a.scene("broker killed", "KafkaBrokerDown/warning", func(t *testing.T) func() {
		must(t, a.c.Broker(2).Kill())
		return func() { must(t, a.c.Broker(2).Start(ctx)) }
	})
	a.scene("ZooKeeper leader killed", "ZooKeeperQuorumAtRisk/warning", func(t *testing.T) func() {
		leader, err := a.c.ZooKeeperLeader(ctx)
		must(t, err)
		must(t, leader.Kill())
		return func() { must(t, leader.Start(ctx)) }
	})
	a.scene("replica lagging", "KafkaUnderReplicated/warning", func(t *testing.T) func() {
		a.throttle(t, "1")
		// Who is in the ISR is not throttled, nor is the first fetch: it must not be enough.
		must(t, a.c.Broker(2).Terminate(ctx))
		must(t, a.c.Produce(ctx, "test", 0, 2000))
		must(t, a.c.Broker(2).Start(ctx))
		return func() { a.throttle(t, "1000000000") }
	})
	a.scene("imbalance left behind", "KafkaLeadershipImbalanced/warning", func(t *testing.T) func() {
		return func() { // broker 2 was given nothing back since it was killed
			code, out, errs := run(t, append([]string{"elect", "--yes", "--override=unsettled,broker_left,flapping"}, a.flags...)...)
			if code != 0 {
				t.Fatalf("elect: status %d\n%s%s", code, out, errs)
			}
		}
	})
	a.scene("consumer stopped", "KafkaConsumerGroupWithoutMembers/warning", func(*testing.T) func() { return left })
	a.scene("broker frozen, under minimum ISR, Alertmanager away", "KafkaBrokerDown/warning KafkaUnderMinISR/critical", func(t *testing.T) func() {
		a.ownAM.kill()
		must(t, a.c.Broker(1).Freeze())
		a.p.shows("it fires while the Alertmanager is away", time.Minute, `evenkeel_alerts{alertname="KafkaBrokerDown",severity="warning",state="firing"} 1`)
		back := time.Now()
		a.ownAM.start()
		return func() {
			if n := a.own.times(back, "firing", "KafkaBrokerDown/warning"); n != 1 {
				t.Errorf("KafkaBrokerDown was notified %d times when the Alertmanager was back", n)
			}
			must(t, a.c.Broker(1).Thaw())
		}
	})
	a.scene("quorum lost", "ZooKeeperQuorumLost/critical", func(t *testing.T) func() {
		must(t, a.c.ZooKeeper(0).Kill())
		must(t, a.c.ZooKeeper(1).Kill())
		return func() {
			must(t, a.c.ZooKeeper(0).Start(ctx))
			must(t, a.c.ZooKeeper(1).Start(ctx))
		}
	})
	a.scene("password changed, evenkeel started anew", "KafkaClusterUnreachable/critical", func(t *testing.T) func() {
		must(t, a.c.SetPassword(ctx, loginName, "second"))
		a.restart() // connections outlive the password
		return func() { must(t, os.WriteFile(a.password, []byte("second\n"), 0o600)) }
	})
}

// loginName is who evenkeel logs in as.
const loginName = "alice"

func newAlarm(ctx context.Context, t *testing.T) *alarm {
	a := &alarm{t: t, ctx: ctx, own: newPager(t), prom: newPager(t), begun: time.Now()}
	a.c = testbed.StartT(t, testbed.Spec{
		Kafka: "3.9.2", Brokers: 3, Users: map[string]string{loginName: "first"},
		Listeners:        []testbed.Listener{{Name: "SECURE", Protocol: "SASL_PLAINTEXT", Mechanisms: []string{"SCRAM-SHA-512"}}},
		Properties:       map[string]string{"replica.lag.time.max.ms": "2000", "replica.fetch.wait.max.ms": "200"},
		BrokerProperties: map[int]map[string]string{2: {"replica.fetch.max.bytes": "2000", "replica.fetch.response.max.bytes": "8000"}},
	})
	must(t, a.c.CreateTopic(ctx, "test", [][]int32{{0, 1, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}))
	must(t, a.c.CreateTopicWith(ctx, "strict", [][]int32{{0, 1}}, map[string]string{"min.insync.replicas": "2"}))
	_, err := a.c.StartProducer(ctx, "test", 50)
	must(t, err)

	a.ownAM = startAlertmanager(t, a.own)
	promAM := startAlertmanager(t, a.prom)
	dir := t.TempDir()
	a.password = filepath.Join(dir, "password")
	must(t, os.WriteFile(a.password, []byte("first\n"), 0o600))
	var evaluable, all []string
	for _, f := range alerts.Files() {
		hastened, err := hasten(f.Content, haste)
		must(t, err)
		path := filepath.Join(dir, f.Name)
		must(t, os.WriteFile(path, hastened, 0o600))
		if all = append(all, path); f.Name != "absent.yml" {
			evaluable = append(evaluable, path)
		}
	}
	file := filepath.Join(dir, "config.yml")
	writeConfig(t, file, fmt.Sprintf(`clusters:
  - name: c
    zookeeper: {servers: [%s]}
    kafka:
      listener: SECURE
      sasl: {mechanism: SCRAM-SHA-512, username: %s, password_file: %q}
    poll: {interval: 500ms, timeout: 2s}
alerts:
  evaluate: true
  rule_files: ["%s"]
  alertmanagers: [{url: %q}]
state_file: %q
`, a.c.ZooKeeperConnect(), loginName, a.password, strings.Join(evaluable, `", "`), a.ownAM.url, filepath.Join(dir, "state.json")))
	a.flags = []string{"--config.file=" + file}
	a.p = start(t, a.flags...)
	startPrometheus(t, a.p.url, promAM.url, "500ms", all)
	a.await("both are told of the watchdog", time.Minute, func() error {
		for _, p := range []*pager{a.own, a.prom} {
			if p.times(time.Time{}, "firing", "EvenkeelWatchdog/none") == 0 {
				return fmt.Errorf("not yet")
			}
		}
		return nil
	})
	return a
}

func (a *alarm) await(what string, limit time.Duration, check func() error) {
	a.t.Helper()
	a.p.await(what, limit, check)
}

// scene has something happen, and wants these alerts notified in both ways, no other while
// it lasts, and all of them resolved when it is over.
func (a *alarm) scene(name, want string, begin func(t *testing.T) (end func())) {
	a.t.Run(name, func(t *testing.T) {
		wanted := strings.Fields(want)
		begun := time.Now()
		end := begin(t)
		from := begun
		if slices.Contains(slow, want) {
			from = a.begun
		}
		a.await("notified: "+want, 3*time.Minute, a.told(from, "firing", wanted))
		fired := time.Since(begun)
		over := time.Now()
		end()
		a.await("resolved: "+want, 3*time.Minute, a.told(over, "resolved", wanted))
		t.Logf("notified in both ways after %.1f s, resolved %.1f s after it was over", fired.Seconds(), time.Since(over).Seconds())
		others := func(name string) bool { return slices.Contains(slow, name) }
		wanted = slices.DeleteFunc(wanted, others)
		for _, status := range []string{"firing", "resolved"} {
			own, prom := slices.DeleteFunc(a.own.since(begun, status), others), slices.DeleteFunc(a.prom.since(begun, status), others)
			if !slices.Equal(own, wanted) || !slices.Equal(prom, wanted) {
				t.Errorf("%s: evenkeel has %v notified, Prometheus %v, want %v", status, own, prom, wanted)
			}
		}
	})
}

// told says what one of the two ways was not yet told.
func (a *alarm) told(mark time.Time, status string, wanted []string) func() error {
	return func() error {
		for way, p := range map[string]*pager{"evenkeel": a.own, "Prometheus": a.prom} {
			got := p.since(mark, status)
			for _, name := range wanted {
				if !slices.Contains(got, name) {
					return fmt.Errorf("%s has %v notified as %s", way, got, status)
				}
			}
		}
		return nil
	}
}

// restart ends evenkeel and starts it at the same address.
func (a *alarm) restart() {
	a.t.Helper()
	a.p.stop()
	cmd := exec.Command(binary, append(slices.Clone(a.flags), "--web.listen-address="+strings.TrimPrefix(a.p.url, "http://"))...)
	cmd.Stdout, cmd.Stderr = a.p.log, a.p.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(a.t, cmd.Start())
	a.p.cmd = cmd
	a.p.awaitListening()
}

// leaveGroup has a group whose only consumer stops, and returns what starts it again.
func (a *alarm) leaveGroup() (back func()) {
	a.t.Helper()
	join := func() *testbed.Consumer {
		consumer, err := a.c.StartReader(a.ctx, testbed.ReaderSpec{Group: "left", Topics: []string{"test"}})
		must(a.t, err)
		return consumer
	}
	first := join()
	a.p.shows("a group consumes", time.Minute, `kafka_consumergroup_members{consumergroup="left"} 1`, statusOf("left", "ok"))
	must(a.t, first.Stop())
	return func() { join() }
}

// throttle limits what broker 2 may fetch as a follower of the topic test, in bytes a
// second.
func (a *alarm) throttle(t *testing.T, rate string) {
	t.Helper()
	conf := sarama.NewConfig()
	conf.Version = sarama.V3_3_0_0
	admin, err := sarama.NewClusterAdmin(a.c.Bootstrap(), conf)
	must(t, err)
	defer admin.Close()
	set := func(kind sarama.ConfigResourceType, name, key, value string) {
		t.Helper()
		must(t, admin.IncrementalAlterConfig(kind, name, map[string]sarama.IncrementalAlterConfigsEntry{
			key: {Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &value},
		}, false))
	}
	set(sarama.TopicResource, "test", "follower.replication.throttled.replicas", "*")
	set(sarama.BrokerResource, "2", "follower.replication.throttled.rate", rate)
}
