package exporter

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/rebalance"
)

const keptCluster = `
state_file: %s
clusters:
  - name: a
    kafka: {brokers: ["127.0.0.1:1"]}
    rebalance: {mode: dry_run}
`

// A person's word is taken by POST alone, where it is enabled, of users who are known.
func TestWhoseWordIsTaken(t *testing.T) {
	yaml := strings.ReplaceAll(keptCluster, "%s", filepath.Join(t.TempDir(), "state.json"))
	yes := func(is bool, err error) func() (bool, error) { return func() (bool, error) { return is, err } }
	for _, c := range []struct {
		opts   Options
		status int
		says   string
	}{
		{Options{Authenticates: yes(true, nil)}, http.StatusForbidden, "--web.enable-lifecycle"},
		{Options{EnableLifecycle: true}, http.StatusForbidden, "--web.config.file"},
		{Options{EnableLifecycle: true, Authenticates: yes(false, nil)}, http.StatusForbidden, "basic_auth_users"},
		{Options{EnableLifecycle: true, Authenticates: yes(false, errors.New("web.yml: gone"))}, http.StatusForbidden, "web.yml: gone"},
		{Options{EnableLifecycle: true, Authenticates: yes(true, nil)}, http.StatusOK, "cluster a: paused"},
	} {
		e := newExporter(t, yaml, c.opts)
		if res, text := fetch(t, e, "POST", "/-/rebalance/pause"); res.StatusCode != c.status || !strings.Contains(text, c.says) {
			t.Errorf("%d %s, want %d %q", res.StatusCode, text, c.status, c.says)
		}
		if paused := e.all()[0].rebalancer.Status().Paused != nil; paused != (c.status == http.StatusOK) {
			t.Errorf("paused: %v after status %d", paused, c.status)
		}
	}
}

func TestWords(t *testing.T) {
	yaml := strings.ReplaceAll(keptCluster, "%s", filepath.Join(t.TempDir(), "state.json"))
	e := newExporter(t, yaml, Options{EnableLifecycle: true, Authenticates: func() (bool, error) { return true, nil }})
	status := func() rebalance.Status { return e.all()[0].rebalancer.Status() }
	for _, c := range []struct {
		path   string
		status int
		says   string
		then   func() bool
	}{
		{"pause?cluster=nobody", http.StatusBadRequest, `no cluster "nobody"`, func() bool { return status().Paused == nil }},
		{"pause?cluster=a", http.StatusOK, "paused", func() bool { return status().Paused != nil }},
		{"resume", http.StatusOK, "resumed", func() bool { return status().Paused == nil }},
		{"exclude", http.StatusBadRequest, "broker=3", func() bool { return len(status().Excluded) == 0 }},
		{"exclude?broker=-1&for=1h", http.StatusBadRequest, "broker=3", func() bool { return len(status().Excluded) == 0 }},
		{"exclude?broker=99999999999&for=1h", http.StatusBadRequest, "broker=3", func() bool { return len(status().Excluded) == 0 }},
		{"exclude?broker=3&for=soon", http.StatusBadRequest, "for=4h", func() bool { return len(status().Excluded) == 0 }},
		{"exclude?broker=3&for=-1h", http.StatusBadRequest, "for=4h", func() bool { return len(status().Excluded) == 0 }},
		{"exclude?broker=3&for=4h", http.StatusOK, "broker 3 is given no leadership until 2", func() bool { return len(status().Excluded) == 1 }},
		{"exclude?broker=3&for=0s", http.StatusOK, "may be given leadership again", func() bool { return len(status().Excluded) == 0 }},
	} {
		res, text := fetch(t, e, "POST", "/-/rebalance/"+c.path)
		if res.StatusCode != c.status || !strings.Contains(text, c.says) || !c.then() {
			t.Errorf("%s: %d %s, want %d %q; status %+v", c.path, res.StatusCode, text, c.status, c.says, status())
		}
	}
}

// Without ZooKeeper and without a state file a word would be forgotten, and which of two
// clusters is meant has to be said.
func TestWordsThatAreNotTaken(t *testing.T) {
	opts := Options{EnableLifecycle: true, Authenticates: func() (bool, error) { return true, nil }}
	two := `
clusters:
  - {name: a, kafka: {brokers: ["127.0.0.1:1"]}}
  - {name: b, kafka: {brokers: ["127.0.0.1:1"]}}
`
	e := newExporter(t, two, opts)
	for _, c := range []struct {
		path   string
		status int
		says   string
	}{
		{"?cluster=a", http.StatusConflict, "neither ZooKeeper nor a state_file"},
		{"", http.StatusBadRequest, "which cluster?"},
	} {
		if res, text := fetch(t, e, "POST", "/-/rebalance/pause"+c.path); res.StatusCode != c.status || !strings.Contains(text, c.says) {
			t.Errorf("%s: %d %s, want %d %q", c.path, res.StatusCode, text, c.status, c.says)
		}
	}
}

// What a person said and what was done are there after a restart.
func TestRebalancerRemembers(t *testing.T) {
	yaml := strings.ReplaceAll(keptCluster, "%s", filepath.Join(t.TempDir(), "state.json"))
	opts := Options{EnableLifecycle: true, Authenticates: func() (bool, error) { return true, nil }}
	e := newExporter(t, yaml, opts)
	for _, path := range []string{"pause", "exclude?broker=3&for=4h"} {
		if res, text := fetch(t, e, "POST", "/-/rebalance/"+path); res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %s", path, res.StatusCode, text)
		}
	}
	now := time.Now()
	e.all()[0].rebalancer.journal.Add(rebalance.Run{
		Cluster: "a", Mode: "dry_run", Started: now, Ended: now, Result: rebalance.DryRun, Batches: 1, Counts: map[rebalance.Fate]int{rebalance.Planned: 4},
		Partitions: []rebalance.Outcome{{Topic: "t", Partition: 2, Before: ptr(int32(1)), Result: rebalance.Planned}},
	})
	again := newExporter(t, yaml, opts)
	b := again.all()[0].rebalancer
	b.Observe(&cluster.Snapshot{Cluster: "a", Started: now, Finished: now})
	if d := b.Plan(t.Context(), rebalance.ByHand{}); len(d.Plan) > 0 {
		t.Errorf("a plan from nothing: %+v", d.Plan)
	}
	if s := b.Status(); s.Paused == nil || len(s.Excluded) != 1 {
		t.Errorf("after a restart it is paused %v, and has excluded %v", s.Paused, s.Excluded)
	}
	_, text := fetch(t, again, "GET", "/api/v1/elections?cluster=a")
	var told apiElections
	if err := json.Unmarshal([]byte(text), &told); err != nil {
		t.Fatal(err)
	}
	if len(told.Runs) != 1 || len(told.Runs[0].Partitions) != 1 || *told.Runs[0].Partitions[0].Before != 1 || told.Runs[0].Counts[rebalance.Planned] != 4 {
		t.Errorf("the journal has %+v", told.Runs)
	}
	if c := told.Clusters; len(c) != 1 || c[0].Mode != "dry_run" || c[0].Paused == nil || c[0].Leader != nil || c[0].Candidates != nil {
		t.Errorf("the cluster is %+v", c)
	}
	if res, text := fetch(t, again, "GET", "/api/v1/elections?cluster=x"); res.StatusCode != http.StatusNotFound {
		t.Errorf("of an unknown cluster: %d %s", res.StatusCode, text)
	}
	checkSumsUp(t, again.state.path)
}

// checkSumsUp holds what `check` says of the journal in the state file.
func checkSumsUp(t *testing.T, path string) {
	t.Helper()
	past, err := pastRuns(path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if line := past("a").line(); line != "rebalance: in 30 days 1 run would have been made, of 4 partitions" {
		t.Errorf("check says %q", line)
	}
	if past("b") != nil || past("b").line() != "" {
		t.Errorf("check knows of a cluster that the state file does not: %q", past("b").line())
	}
}

func TestSumOfRuns(t *testing.T) {
	now := time.Now()
	sum := sumRuns([]rebalance.Run{
		{Ended: now.Add(-time.Hour), Result: rebalance.Partial, Counts: map[rebalance.Fate]int{rebalance.CameBack: 5, rebalance.NotRestored: 1}},
		{Ended: now.Add(-48 * time.Hour), Result: rebalance.Success, Counts: map[rebalance.Fate]int{rebalance.CameBack: 7}},
		{Ended: now.Add(-31 * 24 * time.Hour), Result: rebalance.Success, Counts: map[rebalance.Fate]int{rebalance.CameBack: 100}},
	}, now)
	if line := sum.line(); line != "rebalance: in 30 days 2 runs made (1 partial, 0 failed), which gave back 12 partitions" || !sum.Last.Equal(now.Add(-time.Hour)) {
		t.Errorf("%q, the last one %v", line, sum.Last)
	}
	if line := sumRuns(nil, now).line(); line != "rebalance: in 30 days no run was due" {
		t.Errorf("%q", line)
	}
}

// The page says in a sentence what the rebalancer does.
func TestSentenceOfThePage(t *testing.T) {
	held := []rebalance.Block{{Guard: rebalance.Cooldown}}
	for _, c := range []struct {
		a    apiRebalance
		says string
		held bool
	}{
		{apiRebalance{Mode: "auto"}, "not known", false},
		{apiRebalance{Mode: "auto", Candidates: ptr(3), Running: true}, "A run is in progress", false},
		{apiRebalance{Mode: "auto", Candidates: ptr(0), Blocked: held}, "nothing that would be elected", false},
		{apiRebalance{Mode: "off", Candidates: ptr(1)}, "1 partition could be given back to the preferred leader. The mode is off", false},
		{apiRebalance{Mode: "auto", Candidates: ptr(3), Blocked: held}, "3 partitions could be given back to the preferred leader. A run is held back:", true},
		{apiRebalance{Mode: "dry_run", Candidates: ptr(3)}, "journalled only", false},
		{apiRebalance{Mode: "auto", Candidates: ptr(3)}, "A run is due", false},
	} {
		p := &pageRuns{apiRebalance: c.a}
		if state, held := p.sentence(); !strings.Contains(state, c.says) || held != c.held {
			t.Errorf("%+v: %q, %v", c.a, state, held)
		}
	}
}

func TestPageTellsRuns(t *testing.T) {
	e := newExporter(t, `{clusters: [{name: a, kafka: {brokers: ["127.0.0.1:1"]}, rebalance: {mode: dry_run}}]}`, Options{})
	now := time.Now()
	for i := range pageRunsShown + 3 {
		e.all()[0].rebalancer.journal.Add(rebalance.Run{
			Cluster: "a", Mode: "auto", Started: now.Add(time.Duration(i) * time.Second), Ended: now.Add(time.Duration(i) * time.Second), Result: rebalance.Partial,
			Reason: "<b>reason", Counts: map[rebalance.Fate]int{rebalance.NotRestored: 1},
			Partitions: []rebalance.Outcome{{Topic: "<i>topic", Partition: 3, Result: rebalance.NotRestored, Error: "<u>why"}},
		})
	}
	publishAt(e.all()[0], now)
	p := runsForPage(e.all()[0], e.all()[0].current.Load().snapshot, now)
	if len(p.Runs) != pageRunsShown || p.More != 3 || p.Runs[0].Counts != "1 failed" || len(p.Runs[0].Missed) != 1 {
		t.Errorf("%d runs, %d more: %+v", len(p.Runs), p.More, p.Runs[0])
	}
	_, text := fetch(t, e, "GET", "/clusters/a")
	expect(t, text, "&lt;b&gt;reason", "&lt;i&gt;topic", "&lt;u&gt;why", "partial")
}

// The exit status of elect says whether there was nothing to do, or something forbids it.
func TestWhyThereIsNoPlan(t *testing.T) {
	block := func(guards ...rebalance.Guard) (d rebalance.Decision) {
		for _, g := range guards {
			d.Blocked = append(d.Blocked, rebalance.Block{Guard: g})
		}
		return d
	}
	skipping := block(rebalance.NothingElectable)
	skipping.Skipped = map[rebalance.Skip]int{rebalance.NotInISR: 2}
	for _, c := range []struct {
		d    rebalance.Decision
		want int
	}{
		{block(), ElectDone},
		{block(rebalance.BelowThreshold), ElectDone},
		{block(rebalance.NothingElectable), ElectDone},
		{skipping, ElectForbidden},
		{block(rebalance.Cooldown), ElectForbidden},
		{block(rebalance.BelowThreshold, rebalance.Paused), ElectForbidden},
		{block(rebalance.Paused, rebalance.Blind), ElectUnknown},
	} {
		if got := whyNot(c.d); got != c.want {
			t.Errorf("%+v, %v: status %d, want %d", c.d.Blocked, c.d.Skipped, got, c.want)
		}
	}
}
