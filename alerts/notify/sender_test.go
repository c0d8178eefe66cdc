package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// manager stands in for an Alertmanager here, so that it can fail on demand and time can be
// made; the cluster tier tells a real one.
type manager struct {
	mu       sync.Mutex
	down     error
	status   int
	requests [][]posted
}

func (m *manager) RoundTrip(r *http.Request) (*http.Response, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down != nil {
		return nil, m.down
	}
	if r.Method != http.MethodPost || r.URL.String() != "http://am:9093/base/api/v2/alerts" || r.Header.Get("Content-Type") != "application/json" {
		return nil, fmt.Errorf("asked %s %s", r.Method, r.URL)
	}
	var alerts []posted
	if err := json.NewDecoder(r.Body).Decode(&alerts); err != nil {
		return nil, err
	}
	m.requests = append(m.requests, alerts)
	return &http.Response{StatusCode: max(m.status, 200), Status: "status", Body: io.NopCloser(strings.NewReader("words\nof it"))}, nil
}

func (m *manager) set(down error, status int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down, m.status = down, status
}

// take returns what was sent since it was called last.
func (m *manager) take() (all []posted) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.requests {
		all = append(all, r...)
	}
	m.requests = nil
	return all
}

// fires are the alerts of a test.
type fires struct {
	mu  sync.Mutex
	all []Alert
}

func (f *fires) set(all ...Alert) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = all
}

func (f *fires) get() []Alert {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Alert(nil), f.all...)
}

func alert(name string, starts time.Time) Alert {
	return Alert{
		Labels: labels.FromStrings("alertname", name, "severity", "warning"), Annotations: labels.FromStrings("summary", "of "+name),
		StartsAt: starts, Every: 15 * time.Second,
	}
}

// run runs a sender in a bubble of time.
func run(t *testing.T, test func(m *manager, f *fires, s *Sender, log *strings.Builder)) {
	synctest.Test(t, func(t *testing.T) {
		m, f := &manager{}, &fires{}
		log := &strings.Builder{}
		s := New(Options{
			URL: "http://am:9093/base/", Client: &http.Client{Transport: m}, Alerts: f.get,
			ExternalLabels: map[string]string{"dc": "eu", "severity": "never"}, GeneratorURL: "http://evenkeel",
			Logger: slog.New(slog.NewTextHandler(log, nil)),
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { s.Run(ctx); close(ended) }()
		synctest.Wait()
		test(m, f, s, log)
		cancel()
		<-ended
	})
}

func TestTellsAndTellsAgain(t *testing.T) {
	run(t, func(m *manager, f *fires, s *Sender, _ *strings.Builder) {
		begun := time.Now()
		f.set(alert("A", begun))
		s.Ring()
		synctest.Wait()
		got := m.take()
		if len(got) != 1 {
			t.Fatalf("sent %v", got)
		}
		p := got[0]
		if p.Labels["alertname"] != "A" || p.Labels["dc"] != "eu" || p.Labels["severity"] != "warning" || p.Annotations["summary"] != "of A" ||
			!p.StartsAt.Equal(begun) || !p.EndsAt.Equal(begun.Add(4*time.Minute)) || p.GeneratorURL != "http://evenkeel" {
			t.Errorf("sent %+v", p)
		}
		s.Ring()
		time.Sleep(50 * time.Second)
		synctest.Wait()
		if got := m.take(); len(got) != 0 {
			t.Errorf("told again too soon: %v", got)
		}
		time.Sleep(25 * time.Second)
		synctest.Wait()
		got = m.take()
		if len(got) != 1 || !got[0].EndsAt.After(begun.Add(5*time.Minute-time.Second)) {
			t.Errorf("told again as %v", got)
		}
		over := alert("A", begun)
		over.ResolvedAt = time.Now()
		f.set(over, alert("B", time.Now()))
		s.Ring()
		synctest.Wait()
		if got := m.take(); len(got) != 2 || !got[0].EndsAt.Equal(over.ResolvedAt) {
			t.Errorf("when it is over: %v", got)
		}
		f.set()
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if got := m.take(); len(got) != 0 {
			t.Errorf("told of what is no more: %v", got)
		}
		if sent, failed := s.Counts(); sent != 4 || failed != 0 {
			t.Errorf("%d sent and %d failed, want 4 and 0", sent, failed)
		}
	})
}

// TestAwayAndBack: nothing is lost and nothing doubled when the Alertmanager is away.
func TestAwayAndBack(t *testing.T) {
	run(t, func(m *manager, f *fires, s *Sender, log *strings.Builder) {
		m.set(errors.New("connection refused"), 0)
		f.set(alert("A", time.Now()), alert("B", time.Now()))
		s.Ring()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if _, failed := s.Counts(); failed < 2*18 || failed > 2*40 {
			t.Errorf("%d alerts failed in ten minutes, want a try every half minute", failed)
		}
		m.set(nil, 0)
		time.Sleep(lastRetry)
		synctest.Wait()
		if got := m.take(); len(got) != 2 || got[0].Labels["alertname"] != "A" || got[1].Labels["alertname"] != "B" {
			t.Errorf("when it is back it is told %v", got)
		}
		if n := strings.Count(log.String(), "level="); n != 2 || !strings.Contains(log.String(), "connection refused") || !strings.Contains(log.String(), "takes alerts again") {
			t.Errorf("logged in %d lines:\n%s", n, log)
		}
	})
}

// TestRefusedDoesNotHoldUp: one alert that is not to its liking does not keep others away.
func TestRefusedDoesNotHoldUp(t *testing.T) {
	run(t, func(m *manager, f *fires, s *Sender, log *strings.Builder) {
		m.set(nil, http.StatusBadRequest)
		var many []Alert
		for i := range batch + 1 {
			many = append(many, alert(fmt.Sprint("A", i), time.Now()))
		}
		f.set(many...)
		s.Ring()
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if got := m.take(); len(got) != batch+1 {
			t.Errorf("%d alerts were sent, want each of %d once", len(got), batch+1)
		}
		if !strings.Contains(log.String(), "words of it") {
			t.Errorf("not logged why:\n%s", log)
		}
		m.set(nil, http.StatusInternalServerError)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if got := m.take(); len(got) > 40*batch {
			t.Errorf("one that fails was sent %d alerts in ten minutes", len(got))
		}
	})
}

func TestNameHasNoPassword(t *testing.T) {
	if name := New(Options{URL: "http://me:hunter2@am:9093"}).Name(); strings.Contains(name, "hunter2") {
		t.Error(name)
	}
}

// TestConcealed: what an Alertmanager answers may repeat a password.
func TestConcealed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &strings.Builder{}
		m := &manager{status: http.StatusUnauthorized}
		s := New(Options{
			URL: "http://am:9093/base", Client: &http.Client{Transport: m}, Alerts: func() []Alert { return []Alert{alert("A", time.Now())} },
			Conceal: func(text string) string { return strings.ReplaceAll(text, "words", "***") }, Logger: slog.New(slog.NewTextHandler(log, nil)),
		})
		if err := s.tell(t.Context(), time.Now()); err == nil || strings.Contains(err.Error(), "words") || !strings.Contains(err.Error(), "*** of it") {
			t.Errorf("error %v", err)
		}
	})
}
