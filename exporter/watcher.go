package exporter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/evenkeel/evenkeel/chronicle"
	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/collectors"
	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/metrics"
)

// encoder is shared by all watchers: it keeps large buffers, and encoding is rare.
type encoder struct {
	sync.Mutex
	*metrics.Encoder
}

// published is what readers see of a cluster: a snapshot and its encoded metrics,
// swapped as one. All of it is immutable.
type published struct {
	snapshot *cluster.Snapshot
	encoded  collectors.Encoded
	details  details // made when the API is asked for them
	look     look    // made when the page is asked for
}

// watcher polls one cluster and publishes what it saw.
type watcher struct {
	cfg        config.Cluster
	poller     *collectors.Poller
	exposition *collectors.Exposition
	enc        *encoder
	log        *slog.Logger
	remember   func(cluster.Known)

	rebalancer *rebalancer // nil where another shard has it
	alerting   *alerting
	elections  prometheus.Gatherer // what the rebalancer tells; nil where there is none

	events chan cluster.Trigger          // what asks for a poll
	asks   chan chan<- *cluster.Snapshot // who waits for a poll that begins after now
	news   newsBell                      // there is something to be shown before a poll has looked

	chronicle *chronicle.Chronicle // of the last hours, for the page

	publishing sync.Mutex
	edition    uint64 // of what was published last; guarded by publishing
	current    atomic.Pointer[published]
	reached    atomic.Bool // a poll has reached the cluster since the start

	cancel context.CancelFunc
	done   chan struct{}
}

func newWatcher(cfg config.Cluster, state *stateFile, enc *encoder, alerting *alerting, log *slog.Logger) (*watcher, error) {
	log = log.With("kafka_cluster", cfg.Name)
	poller, err := collectors.NewPoller(cfg, state.known(cfg.Name), log)
	if err != nil {
		return nil, fmt.Errorf("cluster %s: %w", cfg.Name, err)
	}
	w := &watcher{
		cfg: cfg, enc: enc, log: log, poller: poller, alerting: alerting,
		remember:   func(k cluster.Known) { state.remember(cfg.Name, k) },
		exposition: collectors.NewExposition(cfg, enc.Encoder, log),
		events:     make(chan cluster.Trigger, 1),
		asks:       make(chan chan<- *cluster.Snapshot),
		news:       newNewsBell(),
		chronicle:  chronicle.New(),
		done:       make(chan struct{}),
	}
	if cfg.Shard.First() {
		w.rebalancer, err = newRebalancer(cfg, poller, w.pollNow, rebalanceKeeper{state, cfg.Name}, log)
		if err != nil {
			return nil, fmt.Errorf("cluster %s: %w", cfg.Name, err)
		}
		w.elections = w.rebalancer.gatherer(cfg.Name)
	}
	return w, nil
}

// start begins to poll; stop ends it.
func (w *watcher) start() {
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	go w.run(ctx)
	if w.rebalancer != nil {
		w.rebalancer.start()
	}
}

// stop ends polling and returns when the poll under way has ended, which it does
// by its deadline at the latest. An election under way is read back before.
func (w *watcher) stop() {
	if w.rebalancer != nil {
		w.rebalancer.stop()
	}
	w.cancel()
	<-w.done
}

// run polls at the interval and when something happens, one poll at a time. What
// happens is listened to all the while.
func (w *watcher) run(ctx context.Context) {
	defer close(w.done)
	defer w.poller.Close()
	var listening sync.WaitGroup
	defer listening.Wait()
	listening.Go(func() { w.poller.Watch(ctx, w.note) })
	listening.Go(func() { w.news.serve(ctx, w.amend) })
	pace := newPace(w.cfg.Poll.Interval)
	for {
		trigger, asked, ok := w.wait(ctx, pace)
		if !ok {
			return
		}
		pace.begin(trigger, time.Now())
		s, settled := w.poll(ctx, trigger)
		pace.end(trigger, settled, time.Now())
		if asked != nil {
			asked <- s
		}
	}
}

// pollNow polls as soon as the poll under way has ended, and returns what it saw when that
// is published.
func (w *watcher) pollNow(ctx context.Context) (*cluster.Snapshot, error) {
	answer := make(chan *cluster.Snapshot, 1)
	select {
	case w.asks <- answer:
	case <-w.done:
		return nil, errors.New("polling has ended")
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a poll: %w", ctx.Err())
	}
	select {
	case s := <-answer:
		if s == nil {
			return nil, errors.New("the poll failed")
		}
		return s, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the end of a poll: %w", ctx.Err())
	}
}

// wait returns when a poll is due, with what starts it, and with who waits for it, if
// anybody does; false when ctx has ended.
func (w *watcher) wait(ctx context.Context, pace *pace) (trigger cluster.Trigger, asked chan<- *cluster.Snapshot, ok bool) {
	for {
		due, trigger := pace.next()
		timer := time.NewTimer(time.Until(due))
		select {
		case <-ctx.Done():
			timer.Stop()
			return "", nil, false
		case t := <-w.events:
			timer.Stop()
			pace.note(t, time.Now())
		case asked := <-w.asks:
			timer.Stop()
			return cluster.TriggerRun, asked, true
		case <-timer.C:
			return trigger, nil, ctx.Err() == nil
		}
	}
}

// note takes what happened. Of what waits already one thing is enough.
func (w *watcher) note(t cluster.Trigger) {
	switch t {
	case cluster.TriggerLost:
		w.news.ring(newsLoss)
	case cluster.TriggerMode, cluster.TriggerNone:
		w.news.ring(newsMode)
	}
	if t == cluster.TriggerNone {
		return
	}
	select {
	case w.events <- t:
	default:
	}
}

// amend publishes, without waiting for a poll, that a broker was lost, or that a
// ZooKeeper server is in another mode: the poll which that starts has to wait for the
// one under way, and may wait itself for something that hangs. It says whether there
// was anything to publish.
func (w *watcher) amend() (published bool) {
	w.guard("News of the cluster not shown", func() {
		result, ok := w.poller.Amend()
		if ok {
			published = true // also if that fails: it took its time
			w.publish(result)
		}
	})
	return published
}

// poll polls, publishes and returns what it saw, and says whether the cluster has come to
// rest. A panic in it costs this poll and no more: what was published before stays until
// it is too old.
func (w *watcher) poll(ctx context.Context, trigger cluster.Trigger) (s *cluster.Snapshot, settled bool) {
	w.guard("Poll failed", func() {
		result := w.poller.Poll(ctx, trigger)
		if ctx.Err() != nil {
			return // cut short: what it could not read is no finding
		}
		w.conclude(result)
		w.remember(w.poller.Known())
		s, settled = result.Snapshot, result.Settled
	})
	return s, settled
}

// guard calls f, and logs a panic of it.
func (w *watcher) guard(failure string, f func()) {
	defer func() {
		if v := recover(); v != nil {
			w.log.Error(failure, "err", fmt.Sprint("panic: ", v), "stack", string(debug.Stack()))
		}
	}()
	f()
}

// conclude publishes what a poll has found, and evaluates the alerts on it. News are not
// worth that: a poll follows them.
func (w *watcher) conclude(r collectors.Result) {
	w.chronicle.Observe(r.Snapshot)
	if encoded, ok := w.publish(r); ok {
		w.alerting.observe(r.Snapshot, encoded, w.elections)
	}
}

// publish tells and shows a result, unless a newer one is shown already, and returns it
// encoded.
func (w *watcher) publish(r collectors.Result) (encoded collectors.Encoded, shown bool) {
	w.publishing.Lock()
	defer w.publishing.Unlock()
	w.tell(r)
	if r.Edition < w.edition {
		return collectors.Encoded{}, false
	}
	if w.rebalancer != nil {
		w.rebalancer.Observe(r.Snapshot)
	}
	encoded, err := w.encode(r.Snapshot)
	if err != nil {
		w.log.Error("Snapshot not published", "err", err)
		return collectors.Encoded{}, false
	}
	w.edition = r.Edition
	shownAs := encoded
	shownAs.Samples = nil // they are for the moment
	w.current.Store(&published{snapshot: r.Snapshot, encoded: shownAs})
	if r.Snapshot.Reachable() {
		w.reached.Store(true)
	}
	return encoded, true
}

func (w *watcher) encode(s *cluster.Snapshot) (collectors.Encoded, error) {
	w.enc.Lock()
	defer w.enc.Unlock()
	return w.exposition.Encode(s, w.alerting.wants)
}

// tell logs each trouble once when it begins or changes and once when it ends, and
// what happened besides, and writes it into the chronicle.
func (w *watcher) tell(r collectors.Result) {
	at := r.Snapshot.Latest()
	for _, e := range r.Events {
		w.log.Info(e)
		w.chronicle.Happened(at, e, false)
	}
	for _, t := range r.Began {
		level := slog.LevelWarn
		if t.Severity == cluster.Critical {
			level = slog.LevelError
		}
		var attrs []any
		if t.Detail != "" {
			attrs = []any{"err", t.Detail}
		}
		w.log.Log(context.Background(), level, t.Text, attrs...)
		w.chronicle.Happened(at, t.Text, true)
	}
	for _, t := range r.Ended {
		lasted := at.Sub(t.Since).Round(time.Second)
		w.log.Info("Over: "+t.Text, "lasted", lasted)
		w.chronicle.Happened(at, fmt.Sprintf("over after %s: %s", lasted, t.Text), false)
	}
}

// fresh returns what was published unless it is too old to be true: older than
// three intervals and a timeout.
func (w *watcher) fresh(now time.Time) (p *published, ok bool) {
	p = w.current.Load()
	if p == nil {
		return nil, false
	}
	return p, now.Sub(p.snapshot.Finished) <= staleAfter(w.cfg.Poll)
}

// staleAfter is the age from which on a snapshot is too old to be true.
func staleAfter(p config.Poll) time.Duration { return 3*p.Interval + p.Timeout }

// ready says whether the cluster has been reached since the start, else why not.
func (w *watcher) ready() (ok bool, reason string) {
	if w.reached.Load() {
		return true, ""
	}
	p := w.current.Load()
	if p == nil {
		return false, "cluster " + w.cfg.Name + ": the first poll has not ended yet"
	}
	reason = "cluster " + w.cfg.Name + ": no broker has answered yet"
	for _, t := range p.snapshot.Troubles {
		reason += "; " + t.String()
	}
	return false, reason
}
