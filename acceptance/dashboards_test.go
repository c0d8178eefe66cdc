//go:build cluster

package acceptance

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// emptyWhenHealthy are panels and annotations that show nothing while nothing happens. Each
// must show something in the fault that this test has happen.
var emptyWhenHealthy = []string{
	"Why not", "Why a server does not answer",
	"Broker registered", "ISR shrank", "Election run", "Controller moved", "ZooKeeper mode changed",
}

// TestDashboards asks every query of the dashboards of a real Prometheus server, with one
// value for each variable and with all.
func TestDashboards(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	c := busy(ctx, t, map[string]string{"broker.rack": "r1"}, [][]int32{{0, 1, 2}, {1, 2, 0}, {2, 0, 1}})
	file := filepath.Join(t.TempDir(), "evenkeel.yml")
	writeConfig(t, file, fmt.Sprintf(`clusters:
  - name: c
    zookeeper: {servers: [%s]}
    poll: {interval: 1s, timeout: 1s}
    rebalance: {mode: dry_run, persist_for: 1s, settle: 1s, broker_left: 1s, cooldown: 1s, max_registrations_per_hour: 60}
`, c.ZooKeeperConnect()))
	p := start(t, "--config.file="+file)
	p.shows("the group is followed", time.Minute, statusOf("readers", "ok"), `kafka_consumergroup_members{consumergroup="readers"} 1`)
	prometheus := startPrometheus(t, p.url, "http://"+freeAddress(t), "1s", nil)

	pending := dashboardQueries(t)
	healthy := maps.Clone(pending)
	maps.DeleteFunc(healthy, func(name string, _ string) bool { return slices.Contains(emptyWhenHealthy, title(name)) })
	maps.DeleteFunc(healthy, ofQuorum)                                         // TestMayItBeRestarted asks them, in KRaft
	maps.Copy(healthy, compatQueries(t, strings.TrimPrefix(p.url, "http://"))) // what others wrote for kafka_exporter
	prometheus.answers(t, healthy, time.Minute)

	leader, err := c.ZooKeeperLeader(ctx)
	must(t, err)
	must(t, leader.Kill())
	controller, err := c.Controller(ctx)
	must(t, err)
	must(t, controller.Kill())
	faults := maps.Clone(pending)
	maps.DeleteFunc(faults, func(name string, _ string) bool { return !slices.Contains(emptyWhenHealthy, title(name)) })
	back := map[string]string{}
	for name, expr := range faults {
		if slices.Contains([]string{"Broker registered", "Election run"}, title(name)) {
			back[name] = expr
			delete(faults, name)
		}
	}
	prometheus.answers(t, faults, 2*time.Minute)
	must(t, controller.Start(ctx))
	must(t, leader.Start(ctx))
	prometheus.answers(t, back, 2*time.Minute)
	previews(ctx, t, prometheus)
}

// busy starts three brokers with these properties, a producer to the topic "test", and the
// group "readers" that consumes it.
func busy(ctx context.Context, t *testing.T, properties map[string]string, assignment [][]int32) *testbed.Cluster {
	t.Helper()
	c := testbed.StartT(t, testbed.Spec{Kafka: "3.9.2", Brokers: 3, Properties: properties})
	must(t, c.CreateTopic(ctx, "test", assignment))
	_, err := c.StartProducer(ctx, "test", 20)
	must(t, err)
	_, err = c.StartReader(ctx, testbed.ReaderSpec{Group: "readers", Topics: []string{"test"}})
	must(t, err)
	return c
}

// ofQuorum says whether a query has an answer only where there is no ZooKeeper.
func ofQuorum(_, expr string) bool { return strings.Contains(expr, "kafka_quorum_") }

// title returns the panel's or annotation's of a query's name.
func title(name string) string {
	parts := strings.Split(name, "/")
	return parts[1]
}

// dashboardQueries returns the queries of all dashboards, by "file/title/how", with one
// value for each variable and with all.
func dashboardQueries(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../dashboards/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	one := strings.NewReplacer("$__rate_interval", "10s", "[1m]", "[1m]", "$job", "evenkeel", "$kafka_cluster", "c", "$consumergroup", "readers")
	all := strings.NewReplacer("$__rate_interval", "10s", "$job", ".*", "$kafka_cluster", ".*", "$consumergroup", ".*")
	queries := map[string]string{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		must(t, err)
		var d struct {
			Panels []struct {
				Title   string
				Targets []struct{ RefID, Expr string }
			}
			Annotations struct{ List []struct{ Name, Expr string } }
			Templating  struct {
				List []struct{ Type, Name, Definition string }
			}
		}
		must(t, json.Unmarshal(data, &d))
		add := func(name, expr string) {
			queries[filepath.Base(file)+"/"+name+"/one"] = one.Replace(expr)
			queries[filepath.Base(file)+"/"+name+"/all"] = all.Replace(expr)
		}
		for _, panel := range d.Panels {
			for _, target := range panel.Targets {
				add(panel.Title+"/"+target.RefID, target.Expr)
			}
		}
		for _, a := range d.Annotations.List {
			add(a.Name, a.Expr)
		}
		for _, v := range d.Templating.List {
			if v.Type == "query" { // label_values(SELECTOR, label)
				selector := v.Definition[len("label_values("):strings.LastIndex(v.Definition, ",")]
				add("variable "+v.Name, selector)
			}
		}
	}
	return queries
}

// answers waits until each of the queries has returned something once.
func (s *service) answers(t *testing.T, queries map[string]string, limit time.Duration) {
	t.Helper()
	empty := maps.Clone(queries)
	deadline := time.Now().Add(limit)
	for len(empty) > 0 {
		for name, expr := range empty {
			if n, err := s.count(expr); err != nil {
				t.Fatalf("%s: %s: %v", name, expr, err)
			} else if n > 0 {
				delete(empty, name)
			}
		}
		if time.Now().After(deadline) {
			for name, expr := range empty {
				t.Errorf("nothing within %v: %s: %s", limit, name, expr)
			}
			return
		}
		time.Sleep(500 * time.Millisecond)
	}
}

// count asks a query and returns how many series it has.
func (s *service) count(expr string) (int, error) {
	res, err := http.Get(s.url + "/api/v1/query?query=" + url.QueryEscape(expr))
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	var answer struct {
		Status, Error string
		Data          struct{ Result []json.RawMessage }
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return 0, err
	}
	if answer.Status != "success" {
		return 0, fmt.Errorf("%s", answer.Error)
	}
	return len(answer.Data.Result), nil
}
