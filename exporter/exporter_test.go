package exporter

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/collectors"
	"github.com/evenkeel/evenkeel/config"
)

const twoClusters = `
clusters:
  - name: a
    zookeeper: {servers: ["127.0.0.1:1"]}
    poll: {interval: 1s, timeout: 1s}
  - name: b
    zookeeper: {servers: ["127.0.0.1:1"]}
`

func newExporter(t testing.TB, yaml string, opts Options) *Exporter {
	t.Helper()
	cfg, err := config.Parse("test.yml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	opts.Logger = slog.New(slog.DiscardHandler)
	e, err := New(cfg, opts)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// publishAt gives the watcher a snapshot of one broker that leads one partition.
func publishAt(w *watcher, finished time.Time) {
	reg := &cluster.Registration{ID: 1, Version: 2}
	picture := &cluster.Picture{Topics: []cluster.Topic{{Name: "<t>", Partitions: []cluster.Partition{
		{State: cluster.StateRecorded, Replicas: []int32{1}, Leader: 1, ISR: []int32{1}, End: cluster.OffsetAt(7)},
	}}}}
	s := &cluster.Snapshot{
		Cluster: w.cfg.Name, Finished: finished, Started: finished,
		Registrations: cluster.Read(map[int32]*cluster.Registration{1: reg}), Controller: cluster.Read(cluster.Controller{ID: 1, Exists: true, Named: true}),
		Brokers:      []cluster.Broker{{ID: 1, Address: "b1:9092", Registration: reg, RegistryRead: true, Probe: cluster.Probe{Status: cluster.BrokerAlive}}},
		BrokersTried: 1, BrokersHeard: 1, Picture: cluster.Read(picture),
		Groups: cluster.Read(&cluster.Groups{Groups: []cluster.Group{
			{Name: "<g>", Members: 1, Topics: []cluster.GroupOffsets{{Topic: "<t>", Commits: []cluster.Commit{{Offset: cluster.OffsetAt(3)}}}, {Topic: "gone", Commits: []cluster.Commit{{}}}}},
		}}),
		Outcomes: map[cluster.Source]cluster.Outcome{cluster.SourceGroups: {Err: errors.New("x <script>")}},
		Troubles: []cluster.Trouble{{Severity: cluster.Critical, Text: "broker <b>7</b> is lost", Since: finished, Seen: true}},
	}
	s.Summary = cluster.Summarize(picture, s.Brokers)
	w.conclude(collectors.Result{Snapshot: s})
}

// answered is the head of an answer.
type answered struct {
	StatusCode int
	Header     http.Header
}

func fetch(t *testing.T, e *Exporter, method, path string, header ...string) (answered, string) {
	t.Helper()
	req := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	e.Handler().ServeHTTP(rec, req)
	var body io.Reader = rec.Body
	if rec.Header().Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(rec.Body)
		if err != nil {
			t.Fatal(err)
		}
		body = z
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return answered{rec.Code, rec.Header()}, string(text)
}

func expect(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		unwanted, absent := strings.CutPrefix(w, "!")
		if absent && strings.Contains(text, unwanted) {
			t.Errorf("%q is there:\n%s", unwanted, text)
		} else if !absent && !strings.Contains(text, w) {
			t.Errorf("%q is missing:\n%s", w, text)
		}
	}
}

func TestMetricsShowWhatIsFresh(t *testing.T) {
	e := newExporter(t, twoClusters, Options{})
	_, text := fetch(t, e, "GET", "/metrics")
	expect(t, text, "go_goroutines", "evenkeel_build_info", "evenkeel_config_last_reload_successful 1", "!\nkafka_", "!evenkeel_collector_success")

	publishAt(e.watchers[0], time.Now().Add(-3900*time.Millisecond)) // three intervals and a timeout are 4 s
	publishAt(e.watchers[1], time.Now().Add(-time.Hour))
	_, text = fetch(t, e, "GET", "/metrics", "Accept-Encoding", "gzip")
	expect(t, text, `kafka_brokers{kafka_cluster="a"} 1`, `!kafka_brokers{kafka_cluster="b"}`,
		`evenkeel_poll_timestamp_seconds{kafka_cluster="a"}`, `evenkeel_poll_timestamp_seconds{kafka_cluster="b"}`)
	if n := strings.Count(text, "# TYPE evenkeel_poll_timestamp_seconds "); n != 1 {
		t.Errorf("%d headers of one family", n)
	}

	res, text := fetch(t, e, "GET", "/metrics", "Accept", "application/openmetrics-text;version=1.0.0")
	expect(t, res.Header.Get("Content-Type"), "application/openmetrics-text; version=1.0.0")
	expect(t, text, "# TYPE kafka_isr_shrinks counter", `kafka_isr_shrinks_total{kafka_cluster="a",broker="1"} 0`)
	if !strings.HasSuffix(text, "# EOF\n") {
		t.Error("OpenMetrics does not end as it should")
	}
}

func TestReadyOnceEveryClusterWasReached(t *testing.T) {
	e := newExporter(t, twoClusters, Options{})
	res, text := fetch(t, e, "GET", "/-/ready")
	if res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("ready before the first poll: %d", res.StatusCode)
	}
	expect(t, text, "cluster a: the first poll has not ended yet", "cluster b: ")
	publishAt(e.watchers[0], time.Now())
	e.watchers[1].current.Store(&published{snapshot: &cluster.Snapshot{Troubles: []cluster.Trouble{{Text: "evenkeel cannot reach any broker"}}}})
	_, text = fetch(t, e, "GET", "/-/ready")
	expect(t, text, "!cluster a", "cluster b: no broker has answered yet; evenkeel cannot reach any broker")
	publishAt(e.watchers[1], time.Now())
	if res, _ := fetch(t, e, "GET", "/-/ready"); res.StatusCode != http.StatusOK {
		t.Errorf("not ready though all were reached: %d", res.StatusCode)
	}
	if res, _ := fetch(t, e, "GET", "/-/healthy"); res.StatusCode != http.StatusOK {
		t.Errorf("healthy: %d", res.StatusCode)
	}
}

func TestPageEscapesAndSaysUnknown(t *testing.T) {
	e := newExporter(t, twoClusters, Options{Version: "1.2.3"})
	publishAt(e.watchers[0], time.Now())
	_, text := fetch(t, e, "GET", "/clusters/a")
	expect(t, text, `<td class="name">&lt;g&gt;</td>`, "<td>4</td>", "1.2.3", "broker &lt;b&gt;7&lt;/b&gt; is lost", "!<b>7", "b1:9092")
	_, text = fetch(t, e, "GET", "/clusters/b")
	expect(t, text, "the first poll has not ended yet", `class="badge unknown"`)
	_, text = fetch(t, e, "GET", "/")
	expect(t, text, "broker &lt;b&gt;7&lt;/b&gt; is lost", "the first poll has not ended yet", `href="clusters/b"`)
	publishAt(e.watchers[1], time.Now().Add(-time.Hour))
	_, text = fetch(t, e, "GET", "/clusters/b")
	expect(t, text, "which is too long ago")
	if res, _ := fetch(t, e, "GET", "/clusters/c"); res.StatusCode != http.StatusNotFound {
		t.Errorf("/clusters/c: %d", res.StatusCode)
	}
	if res, _ := fetch(t, e, "GET", "/nowhere"); res.StatusCode != http.StatusNotFound {
		t.Errorf("/nowhere: %d", res.StatusCode)
	}
}

func TestAPITellsTheSnapshot(t *testing.T) {
	e := newExporter(t, twoClusters, Options{})
	publishAt(e.watchers[0], time.Now())
	_, text := fetch(t, e, "GET", "/api/v1/clusters")
	var list struct {
		Clusters []struct {
			Name    string
			Stale   bool
			Verdict string
		}
	}
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Clusters) != 2 || list.Clusters[0].Stale || list.Clusters[0].Verdict != "critical" || !list.Clusters[1].Stale {
		t.Errorf("%+v", list)
	}
	_, text = fetch(t, e, "GET", "/api/v1/clusters/a")
	expect(t, text, `"topics":{"\u003ct\u003e":[{"partition":0,"replicas":[1],"leader":1,"isr":[1],"end":7}]}`,
		`{"partition":0,"committed":3,"lag":4}`, `"gone":[{"partition":0}]`, `"groups":{"ok":false`, "!start")
	if res, _ := fetch(t, e, "GET", "/api/v1/clusters/zzz"); res.StatusCode != http.StatusNotFound {
		t.Errorf("an unknown cluster: %d", res.StatusCode)
	}
}

func TestReloadSwapsOnlyWhatChanged(t *testing.T) {
	next := strings.ReplaceAll(twoClusters, "name: b", "name: c")
	var failure error
	load := func() (*config.Config, error) {
		if failure != nil {
			return nil, failure
		}
		return config.Parse("test.yml", []byte(next))
	}
	e := newExporter(t, twoClusters, Options{Load: load, EnableLifecycle: true})
	failure = errors.New("not yet")
	if err := e.Reload(); err == nil {
		t.Error("a bad file was taken before Run")
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { e.Run(ctx); close(ended) }()
	defer func() {
		cancel()
		<-ended
		if err := e.Reload(); err == nil {
			t.Error("reloaded after the end")
		}
	}()
	for !e.runs() {
		time.Sleep(time.Millisecond)
	}
	first, second := e.watchers[0], e.watchers[1]
	if res, _ := fetch(t, e, "GET", "/-/reload"); res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET /-/reload: %d", res.StatusCode)
	}
	failure = errors.New("test.yml:3: nonsense")
	if res, text := fetch(t, e, "POST", "/-/reload"); res.StatusCode != http.StatusBadRequest || e.watchers[1] != second {
		t.Errorf("a bad file: %d %s", res.StatusCode, text)
	}
	_, text := fetch(t, e, "GET", "/metrics")
	expect(t, text, "evenkeel_config_last_reload_successful 0")
	failure = nil
	if res, text := fetch(t, e, "POST", "/-/reload"); res.StatusCode != http.StatusOK {
		t.Errorf("a good file: %d %s", res.StatusCode, text)
	}
	if e.watchers[0] != first || e.watchers[1] == second || e.watchers[1].cfg.Name != "c" {
		t.Error("the unchanged cluster was not kept, or the changed one was")
	}
	select {
	case <-second.done:
	default:
		t.Error("the watcher of the cluster that went away still runs")
	}
	_, text = fetch(t, e, "GET", "/metrics")
	expect(t, text, "evenkeel_config_last_reload_successful 1")
	next = strings.ReplaceAll(next, "interval: 1s", "interval: 2s")
	if res, text := fetch(t, e, "POST", "/-/reload"); res.StatusCode != http.StatusOK || e.watchers[0] == first || e.watchers[0].cfg.Poll.Interval != 2*time.Second {
		t.Errorf("the same name with another interval: %d %s", res.StatusCode, text)
	}
	next += "state_file: /elsewhere\n"
	if res, text := fetch(t, e, "POST", "/-/reload"); res.StatusCode != http.StatusBadRequest {
		t.Errorf("another state file: %d %s", res.StatusCode, text)
	}

	closed := newExporter(t, twoClusters, Options{Load: load})
	if res, _ := fetch(t, closed, "POST", "/-/reload"); res.StatusCode != http.StatusForbidden {
		t.Errorf("without --web.enable-lifecycle: %d", res.StatusCode)
	}
	flags := newExporter(t, twoClusters, Options{EnableLifecycle: true})
	if res, text := fetch(t, flags, "POST", "/-/reload"); res.StatusCode != http.StatusBadRequest || !strings.Contains(text, "no configuration file") {
		t.Errorf("without a file: %d %s", res.StatusCode, text)
	}
}

// A reload may come while the program starts: it must not start anything twice, nor
// stop what was never started.
func TestReloadBeforeRun(t *testing.T) {
	load := func() (*config.Config, error) {
		return config.Parse("test.yml", []byte(strings.ReplaceAll(twoClusters, "name: b", "name: c")))
	}
	e := newExporter(t, twoClusters, Options{Load: load})
	if err := e.Reload(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { e.Run(ctx); close(ended) }()
	for !e.runs() {
		time.Sleep(time.Millisecond)
	}
	cancel()
	<-ended
	if name := e.all()[1].cfg.Name; name != "c" {
		t.Errorf("the second cluster is %s", name)
	}
}

func (e *Exporter) runs() bool {
	e.reloading.Lock()
	defer e.reloading.Unlock()
	return e.phase == running
}

func TestStateFileSurvivesAndRefusesWhatItDoesNotKnow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	log := slog.New(slog.DiscardHandler)
	f, err := openState(path, log)
	if err != nil {
		t.Fatal(err)
	}
	seen := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	known := cluster.Known{7: {ID: 7, Address: "b7:9092", RegistrationVersion: 2, Rack: "r", LastSeen: seen}}
	f.remember("a", known)
	g, err := openState(path, log)
	if err != nil || !g.known("a").Same(known) || !g.known("a")[7].LastSeen.Equal(seen) {
		t.Errorf("read back: %+v, %v", g.known("a"), err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	for content, says := range map[string]string{"{": "not a state file of evenkeel", `{"version": 99}`: "version 99"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := openState(path, log); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", content, err)
		}
	}
}

func TestStateFileThatCannotBeWrittenIsSaidOnce(t *testing.T) {
	var log strings.Builder
	dir := filepath.Join(t.TempDir(), "not", "there")
	f, err := openState(filepath.Join(dir, "state.json"), slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	f.remember("a", cluster.Known{1: {ID: 1}})
	f.remember("a", cluster.Known{1: {ID: 1}})
	if n := strings.Count(log.String(), "State file not written"); n != 1 {
		t.Errorf("said %d times:\n%s", n, &log)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	f.remember("a", cluster.Known{1: {ID: 1}})
	expect(t, log.String(), "State file written again")
}
