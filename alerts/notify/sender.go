package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// How an Alertmanager is told.
const (
	postTimeout = 10 * time.Second
	batch       = 256 // alerts in one request, as a Prometheus server sends
	firstRetry  = time.Second
	lastRetry   = 30 * time.Second
)

// path is where Alertmanager takes alerts.
const path = "/api/v2/alerts"

// Options says whom a Sender tells, and what.
type Options struct {
	URL    string // of the Alertmanager; a path in it stays
	Client *http.Client
	// Alerts returns those of now, resolved ones as long as they are to be told.
	Alerts func() []Alert
	// ExternalLabels are added to each alert that lacks them.
	ExternalLabels map[string]string
	GeneratorURL   string
	// Conceal takes out of what an Alertmanager answers what must not be logged; nil:
	// nothing.
	Conceal func(text string) string
	Logger  *slog.Logger
}

// Sender tells one Alertmanager.
type Sender struct {
	opts Options
	name string // of the Alertmanager, without a password
	ring chan struct{}
	told map[string]told // by the alert's labels

	sent, failed atomic.Int64
	failing      bool
}

// told is what the Alertmanager took last of an alert.
type told struct {
	at         time.Time
	startsAt   time.Time
	resolvedAt time.Time
}

// New returns a sender that does nothing until Run.
func New(opts Options) *Sender {
	name := opts.URL
	if u, err := url.Parse(opts.URL); err == nil {
		name = u.Redacted()
	}
	return &Sender{opts: opts, name: name, ring: make(chan struct{}, 1), told: map[string]told{}}
}

// Name returns the Alertmanager's URL, without a password.
func (s *Sender) Name() string { return s.name }

// Counts returns how many alerts were taken and how many could not be sent.
func (s *Sender) Counts() (sent, failed int64) { return s.sent.Load(), s.failed.Load() }

// Ring says that an alert may have changed. It does not wait.
func (s *Sender) Ring() {
	select {
	case s.ring <- struct{}{}:
	default:
	}
}

// Run tells the Alertmanager until ctx ends. What it does not take is tried again, after a
// second first and half a minute at last.
func (s *Sender) Run(ctx context.Context) {
	defer s.opts.Client.CloseIdleConnections()
	retry := firstRetry
	for {
		wait := resendAfter / 4
		if err := s.tell(ctx, time.Now()); err != nil {
			wait, retry = retry, min(2*retry, lastRetry)
		} else {
			retry = firstRetry
		}
		timer := time.NewTimer(wait)
		ring := s.ring
		if s.failing {
			ring = nil // news does not make it come back any sooner
		}
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-ring:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// tell sends what the Alertmanager does not know yet, or has to be told again.
func (s *Sender) tell(ctx context.Context, now time.Time) error {
	alerts := s.opts.Alerts()
	s.forget(alerts)
	var due []*Alert
	for i := range alerts {
		if s.due(&alerts[i], now) {
			due = append(due, &alerts[i])
		}
	}
	for len(due) > 0 {
		some := due[:min(len(due), batch)]
		err := s.send(ctx, some, now)
		if ctx.Err() != nil {
			return nil // we are ending
		}
		s.note(len(some), err)
		if err != nil && !errors.Is(err, errRefused) {
			return err
		}
		for _, a := range some {
			s.told[a.Labels.String()] = told{now, a.StartsAt, a.ResolvedAt}
		}
		due = due[len(some):]
	}
	return nil
}

func (s *Sender) due(a *Alert, now time.Time) bool {
	last, known := s.told[a.Labels.String()]
	return !known || !last.startsAt.Equal(a.StartsAt) || !last.resolvedAt.Equal(a.ResolvedAt) || now.Sub(last.at) >= resendAfter
}

// forget drops what was told of alerts that are no more.
func (s *Sender) forget(alerts []Alert) {
	kept := make(map[string]told, len(alerts))
	for i := range alerts {
		key := alerts[i].Labels.String()
		if t, ok := s.told[key]; ok {
			kept[key] = t
		}
	}
	s.told = kept
}

// note counts, and logs once that the Alertmanager cannot be told and once that it can be
// again.
func (s *Sender) note(alerts int, err error) {
	if err == nil {
		s.sent.Add(int64(alerts))
		if s.failing {
			s.opts.Logger.Info("Alertmanager takes alerts again", "alertmanager", s.name)
		}
	} else {
		s.failed.Add(int64(alerts))
		if !s.failing {
			s.opts.Logger.Error("Alertmanager not told: tried again until it takes the alerts", "alertmanager", s.name, "alerts", alerts, "err", err)
		}
	}
	s.failing = err != nil
}

// errRefused is that of the alerts in a request one at least is not to the Alertmanager's
// liking. It has taken the others, and would refuse that one again.
var errRefused = errors.New("an alert was refused")

func (s *Sender) send(ctx context.Context, alerts []*Alert, now time.Time) error {
	body := make([]posted, 0, len(alerts))
	for _, a := range alerts {
		body = append(body, a.post(now, s.opts.ExternalLabels, s.opts.GeneratorURL))
	}
	data, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("alerts as JSON: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(s.opts.URL, "/")+path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := s.opts.Client.Do(request)
	if err != nil {
		var inURL *url.Error
		if errors.As(err, &inURL) {
			err = inURL.Err // the URL stands beside it
		}
		return err
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(response.Body, 300)) // also, so that the connection can be used again
	if response.StatusCode/100 == 2 {
		return nil
	}
	words := strings.Join(strings.Fields(string(answer)), " ")
	if s.opts.Conceal != nil {
		words = s.opts.Conceal(words)
	}
	if response.StatusCode == http.StatusBadRequest {
		return fmt.Errorf("%w: %s", errRefused, words)
	}
	return fmt.Errorf("%s: %s", response.Status, words)
}
