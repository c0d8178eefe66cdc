package evaluate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"
)

const every = 15 * time.Second

// world is an evaluator and a clock, to which polls are given.
type world struct {
	t     *testing.T
	e     *Evaluator
	at    time.Time
	blind map[string]bool // metrics that cannot be read
}

func newWorld(t *testing.T, rules string) *world {
	t.Helper()
	return &world{t: t, e: New(optionsOf(t, rules)), at: epoch.Add(1000 * time.Hour), blind: map[string]bool{}}
}

func optionsOf(t *testing.T, rules string) Options {
	t.Helper()
	parsed, err := Parse("rules.yml", []byte("groups:\n- name: g\n  rules:\n"+rules))
	if err != nil {
		t.Fatal(err)
	}
	return Options{
		Rules: parsed, Gap: time.Minute, Logger: slog.New(slog.DiscardHandler),
		Reaches: func(metric string) bool { return metric == "up" },
	}
}

// poll gives the evaluator what is written like up=1 m{a="b"}=2, a poll later.
func (w *world) poll(samples string) {
	w.t.Helper()
	w.at = w.at.Add(every)
	var all []Sample
	for text := range strings.FieldsSeq(samples) {
		name, v, _ := strings.Cut(text, "=")
		s := Sample{Metric: name}
		if metric, labelled, ok := strings.Cut(name, "/"); ok {
			s.Metric, s.Names, s.Values = metric, []string{"a"}, []string{labelled}
		}
		if _, err := fmt.Sscan(v, &s.Value); err != nil {
			w.t.Fatal(err)
		}
		all = append(all, s)
	}
	w.e.Observe(context.Background(), Poll{At: w.at, Samples: slices.Values(all), Blind: func(metric string) bool { return w.blind[metric] }})
}

// polls gives the same for a while.
func (w *world) polls(d time.Duration, samples string) {
	w.t.Helper()
	for end := w.at.Add(d); w.at.Before(end); {
		w.poll(samples)
	}
}

// want holds the states of the alerts, as in "A=firing B=pending".
func (w *world) want(want string) {
	w.t.Helper()
	var got []string
	for _, a := range w.e.Alerts() {
		text := a.Rule.Name + "=" + string(a.State)
		if a.Frozen {
			text += "(frozen)"
		}
		got = append(got, text)
	}
	if strings.Join(got, " ") != want {
		w.t.Fatalf("after %s: alerts %v, want %s", w.at.Sub(epoch.Add(1000*time.Hour)), got, want)
	}
}

const simple = `
  - {alert: A, expr: m > 0, for: 1m, keep_firing_for: 1m}
`

func TestPendingFiringResolved(t *testing.T) {
	w := newWorld(t, simple)
	w.poll("m=0")
	w.want("")
	w.poll("m=1")
	w.want("A=pending")
	w.poll("m=0")
	w.want("") // what was pending only is forgotten
	w.poll("m=1")
	w.polls(45*time.Second, "m=2")
	w.want("A=pending")
	w.poll("m=3")
	w.want("A=firing")
	if a := w.e.Alerts()[0]; a.Value != 3 || !a.FiredAt.Equal(w.at) || !a.ActiveAt.Equal(w.at.Add(-time.Minute)) {
		t.Errorf("fired as %+v", a)
	}
	w.polls(time.Minute, "m=0")
	w.want("A=firing") // kept
	w.poll("m=1")
	w.polls(time.Minute, "m=0")
	w.want("A=firing") // kept anew
	w.poll("m=0")
	w.want("A=resolved")
	w.polls(resolvedRetention, "m=0")
	w.want("A=resolved")
	w.poll("m=0")
	w.want("")
}

func TestResolvedFiresAnew(t *testing.T) {
	w := newWorld(t, "  - {alert: A, expr: m > 0, for: 30s}\n")
	w.polls(time.Minute, "m=1")
	w.want("A=firing")
	w.poll("m=0")
	w.want("A=resolved")
	w.poll("m=1")
	w.want("A=pending")
	w.polls(30*time.Second, "m=1")
	w.want("A=firing")
}

func TestVanishedSeriesResolves(t *testing.T) {
	w := newWorld(t, "  - {alert: A, expr: m > 0}\n")
	w.poll("m/x=1 m/y=1")
	w.want("A=firing A=firing")
	w.poll("m/y=1")
	w.want("A=resolved A=firing")
}

// TestFrozen: what cannot be read is neither better nor worse, and its time does not count.
func TestFrozen(t *testing.T) {
	w := newWorld(t, simple+"  - {alert: Reach, expr: up == 0 unless m == 5}\n")
	w.poll("m=1 up=1")
	w.polls(30*time.Second, "m=1 up=1")
	w.want("A=pending")
	w.blind["m"] = true
	w.polls(10*time.Minute, "up=0")
	w.want("A=pending(frozen) Reach=firing") // which names a metric of reachability first
	w.blind["m"] = false
	w.poll("m=1 up=1")
	w.want("A=pending Reach=resolved")
	w.poll("m=1 up=1")
	w.want("A=pending Reach=resolved")
	w.poll("m=1 up=1")
	w.want("A=firing Reach=resolved")

	w.blind["m"] = true
	w.polls(10*time.Minute, "up=1")
	w.want("A=firing(frozen) Reach=resolved")
	w.blind["m"] = false
	w.poll("m=0 up=1")
	w.want("A=firing Reach=resolved") // kept firing from now on
	w.blind["m"] = true
	w.polls(5*time.Minute, "up=1")
	w.blind["m"] = false
	w.poll("m=0 up=1")
	w.want("A=firing")
	w.polls(time.Minute, "m=0 up=1")
	w.want("A=resolved")
}

// TestGapCountsForNothing: evenkeel itself did not look.
func TestGapCountsForNothing(t *testing.T) {
	w := newWorld(t, simple)
	w.polls(30*time.Second, "m=1")
	w.at = w.at.Add(time.Hour)
	w.poll("m=1")
	w.want("A=pending")
	w.polls(30*time.Second, "m=1")
	w.want("A=pending")
	w.poll("m=1")
	w.want("A=firing")
}

func TestOldPollIsLeftOut(t *testing.T) {
	w := newWorld(t, "  - {alert: A, expr: m > 0}\n")
	w.poll("m=0")
	w.at = w.at.Add(-time.Minute)
	w.poll("m=1")
	w.want("")
}

// TestRestart: `for` goes on, what fires goes on firing, and what a window holds is held.
func TestRestart(t *testing.T) {
	const rules = `
  - {alert: Waits, expr: m > 0, for: 2m}
  - {alert: Fires, expr: n > 0, for: 30s, annotations: {text: '{{ $value }} of {{ $labels.a }}'}}
  - {alert: Counts, expr: 'increase(c_total[15m]) > 0'}
`
	w := newWorld(t, rules)
	w.polls(5*time.Minute, "c_total=7 m=0")
	w.polls(time.Minute, "c_total=8 m=1 n/x=4")
	w.want("Waits=pending Fires=firing Counts=firing")
	before := w.e.Alerts()
	saved, err := json.Marshal(w.e.Save())
	if err != nil {
		t.Fatal(err)
	}
	var samples bytes.Buffer
	if err := w.e.SaveSamples(&samples); err != nil {
		t.Fatal(err)
	}

	w.e = New(optionsOf(t, rules))
	w.at = w.at.Add(10 * time.Second)
	var read Saved
	if err := json.Unmarshal(saved, &read); err != nil {
		t.Fatal(err)
	}
	w.e.Restore(read, w.at)
	if err := w.e.RestoreSamples(&samples); err != nil {
		t.Fatal(err)
	}
	w.poll("c_total=0 m=1 n/x=4") // counters begin anew
	w.want("Waits=pending Fires=firing Counts=firing")
	for i, a := range w.e.Alerts()[1:] {
		if b := before[i+1]; !a.FiredAt.Equal(b.FiredAt) || a.Annotations.String() != b.Annotations.String() {
			t.Errorf("%+v became %+v", b.Alert, a.Alert)
		}
	}
	w.polls(45*time.Second, "c_total=0 m=1 n/x=4")
	w.want("Waits=pending Fires=firing Counts=firing")
	w.polls(30*time.Second, "c_total=0 m=1 n/x=4")
	w.want("Waits=firing Fires=firing Counts=firing")
	w.polls(15*time.Minute, "c_total=0 m=0 n/x=0")
	w.want("Waits=resolved Fires=resolved Counts=resolved")
}

func TestChangeKeepsAlerts(t *testing.T) {
	w := newWorld(t, "  - {alert: A, expr: m > 0}\n  - {alert: Gone, expr: m > 0}\n")
	w.poll("m=1 n=1")
	w.want("A=firing Gone=firing")
	fired := w.at
	w.e.Change(optionsOf(t, "  - {alert: New, expr: n > 0}\n  - {alert: A, expr: m >= 1}\n"))
	w.want("A=firing")
	w.poll("m=1 n=1")
	w.want("New=firing A=firing")
	if a := w.e.Alerts()[1]; !a.FiredAt.Equal(fired) {
		t.Errorf("A fired anew at %s, was %s", a.FiredAt, fired)
	}
	if series, _ := w.e.Size(); series != 2 {
		t.Errorf("%d series are kept, want m and n", series)
	}
}

// TestFailedRuleStaysAsItIs: an error is no finding.
func TestFailedRuleStaysAsItIs(t *testing.T) {
	w := newWorld(t, "  - {alert: A, expr: 'm > 0', labels: {a: same}}\n")
	w.poll("m/x=1")
	w.want("A=firing")
	w.poll("m/x=0 m/y=1 m/z=1") // two with the same labels
	w.want("A=firing")
	if a := w.e.Alerts()[0]; a.Failed == nil || !strings.Contains(a.Failed.Error(), "same labels") {
		t.Errorf("failed with %v", a.Failed)
	}
	w.poll("m/x=0")
	w.want("A=resolved")
}

// TestTemplatesAsk: what a template asks for is kept, and told in one order.
func TestTemplatesAsk(t *testing.T) {
	w := newWorld(t, `
  - alert: A
    expr: m > 0
    annotations:
      which: '{{ with query "n > 0" }}{{ range . }}{{ .Labels.a }} {{ end }}{{ else }}none{{ end }}'
      wrong: '{{ template "none" }}'
`)
	w.poll("m=1 n/y=1 n/x=1 n/z=0 o=1")
	a := w.e.Alerts()[0]
	if got := a.Annotations.Get("which"); got != "x y " {
		t.Errorf("asked and got %q", got)
	}
	if got := a.Annotations.Get("wrong"); !strings.HasPrefix(got, "<error expanding template: ") {
		t.Errorf("a template that fails says %q", got)
	}
	if series, _ := w.e.Size(); series != 4 {
		t.Errorf("%d series kept, want m and three of n", series)
	}
}

// TestClockIsSetBack: evaluation goes on, and the time that has passed still counts.
func TestClockIsSetBack(t *testing.T) {
	w := newWorld(t, simple+"  - {alert: Max, expr: 'max_over_time(n[10m]) > 5'}\n")
	w.poll("m=1 n=9")
	w.polls(30*time.Second, "m=1 n=1")
	w.want("A=pending Max=firing")
	w.at = w.at.Add(-time.Hour)
	w.poll("m=1 n=1")
	w.want("A=pending Max=resolved") // what was seen in what is now the future is forgotten
	w.poll("m=1 n=1")
	w.poll("m=1 n=1")
	w.want("A=firing Max=resolved")
}
