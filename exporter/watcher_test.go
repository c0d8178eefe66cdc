package exporter

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/collectors"
	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/metrics"
)

// newTestWatcher returns a watcher of the first cluster, that is not started.
func newTestWatcher(t *testing.T, yaml string, log *slog.Logger, remember func(cluster.Known)) *watcher {
	t.Helper()
	cfg, err := config.Parse("test.yml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	state, err := openState("", log)
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWatcher(cfg.Clusters[0], state, &encoder{Encoder: metrics.NewEncoder()}, newAlerting(state, nil, log), log)
	if err != nil {
		t.Fatal(err)
	}
	w.remember = remember
	return w
}

func TestPublishedIsLoggedOnceAndRemembered(t *testing.T) {
	var log strings.Builder
	w := newTestWatcher(t, twoClusters, slog.New(slog.NewTextHandler(&log, nil)), func(cluster.Known) {})
	defer w.poller.Close()
	w.publish(collectors.Result{
		Snapshot: &cluster.Snapshot{Cluster: "a", Finished: time.Now()},
		Began:    []cluster.Trouble{{Severity: cluster.Critical, Text: "grave"}, {Severity: cluster.Warning, Text: "light"}},
		Ended:    []cluster.Trouble{{Text: "old", Since: time.Now().Add(-time.Minute)}},
		Events:   []string{"broker 1 is the controller now"},
	})
	expect(t, log.String(), "level=ERROR msg=grave kafka_cluster=a", "level=WARN msg=light kafka_cluster=a",
		`level=INFO msg="Over: old" kafka_cluster=a lasted=1m0s`, `level=INFO msg="broker 1 is the controller now"`)
	if ok, _ := w.ready(); ok || w.current.Load() == nil {
		t.Errorf("ready without an answer: %v", ok)
	}
}

// A poll and the loss of a broker may be published by two goroutines, in any order.
func TestNewerResultStays(t *testing.T) {
	w := newTestWatcher(t, twoClusters, slog.New(slog.DiscardHandler), func(cluster.Known) {})
	defer w.poller.Close()
	newer := &cluster.Snapshot{Cluster: "a", Finished: time.Now()}
	w.publish(collectors.Result{Snapshot: newer, Edition: 2})
	w.publish(collectors.Result{Snapshot: &cluster.Snapshot{Cluster: "a", Finished: time.Now()}, Edition: 1})
	if w.current.Load().snapshot != newer {
		t.Error("an older result took the place of a newer one")
	}
}

func TestEventStartsAPollAndIsCounted(t *testing.T) {
	yaml := strings.ReplaceAll(twoClusters, "interval: 1s, timeout: 1s", "interval: 1h, timeout: 1s")
	remembered := make(chan struct{}, 100)
	w := newTestWatcher(t, yaml, slog.New(slog.DiscardHandler), func(cluster.Known) { remembered <- struct{}{} })
	w.start()
	defer w.stop()
	<-remembered // the first poll has ended
	for range 1000 {
		w.note(cluster.TriggerWatch)
	}
	<-remembered
	polls := w.current.Load().snapshot.History.Polls
	if polls[cluster.TriggerInterval] != 1 || polls[cluster.TriggerWatch] != 1 {
		t.Errorf("polls by trigger: %v", polls)
	}
}

func TestWatcherGoesOnPolling(t *testing.T) {
	w := newTestWatcher(t, strings.ReplaceAll(twoClusters, "interval: 1s, timeout: 1s", "interval: 50ms, timeout: 1s"), slog.New(slog.DiscardHandler), func(cluster.Known) {})
	w.start()
	defer w.stop()
	deadline := time.Now().Add(20 * time.Second)
	for {
		if p := w.current.Load(); p != nil && p.snapshot.History.Polls[cluster.TriggerInterval] >= 3 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("no third poll within 20 s")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// A panic costs one poll, and never the program.
func TestPanicInAPollIsLogged(t *testing.T) {
	var log strings.Builder
	w := newTestWatcher(t, twoClusters, slog.New(slog.NewTextHandler(&log, nil)), func(cluster.Known) {})
	w.poller.Close()
	w.poller = nil // which no poll survives
	w.poll(t.Context(), cluster.TriggerInterval)
	expect(t, log.String(), `msg="Poll failed" kafka_cluster=a err="panic: `)
	if w.current.Load() != nil {
		t.Error("a poll that panicked is published")
	}
}

// A poll that was cut short by the end of the program found nothing: what it could
// not read is not missing.
func TestPollCutShortIsNotPublished(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	yaml := "clusters:\n  - name: a\n    zookeeper: {servers: [\"" + silent.Addr().String() + "\"]}\n"
	w := newTestWatcher(t, yaml, slog.New(slog.DiscardHandler), func(cluster.Known) {})
	w.start()
	conn, err := silent.Accept() // the poll is under way
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	w.stop()
	if w.current.Load() != nil {
		t.Error("what a cut poll saw is published")
	}
}

func TestStateGoesFromOneRunToTheNext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	yaml := twoClusters + "state_file: " + path + "\n"
	known := cluster.Known{7: {ID: 7, Address: "b7:9092", LastSeen: time.Now()}}
	newExporter(t, yaml, Options{}).watchers[0].remember(known)
	// This one knows it from the file, which it writes again when it ends; whether a
	// poll ends before that is chance.
	e := newExporter(t, yaml, Options{})
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e.Run(ctx)
	again := newExporter(t, yaml, Options{})
	if got := again.watchers[0].poller.Known(); !got.Same(known) {
		t.Errorf("cluster a knows %+v after a restart, want %+v", got, known)
	}
	if got := again.watchers[1].poller.Known(); len(got) > 0 {
		t.Errorf("cluster b knows %+v", got)
	}
}

func TestStateFileIsRefreshedAndLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	log := slog.New(slog.DiscardHandler)
	f, err := openState(filepath.Join(dir, "state.json"), log)
	if err != nil {
		t.Fatal(err)
	}
	seen := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	at := func(d time.Duration) cluster.Known { return cluster.Known{1: {ID: 1, LastSeen: seen.Add(d)}} }
	read := func() time.Time {
		g, err := openState(f.path, log)
		if err != nil {
			t.Fatal(err)
		}
		return g.known("a")[1].LastSeen
	}
	f.remember("a", at(0))
	f.remember("a", at(time.Minute))
	if got := read(); !got.Equal(seen) {
		t.Errorf("written for a time alone: %v", got)
	}
	f.written = f.written.Add(-2 * refreshState)
	f.remember("a", at(2*time.Minute))
	if got := read(); !got.Equal(seen.Add(2 * time.Minute)) {
		t.Errorf("not written after a long time: %v", got)
	}
	f.remember("a", cluster.Known{1: {ID: 1, Address: "b1:9092", LastSeen: seen}})
	if got := read(); !got.Equal(seen) {
		t.Errorf("not written for a new address: %v", got)
	}
	if err := writeFile(dir, []byte("x")); err == nil {
		t.Error("a folder was replaced by a file")
	}
	for _, folder := range []string{dir, filepath.Dir(dir)} {
		if left, err := filepath.Glob(filepath.Join(folder, ".*.*")); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
}
