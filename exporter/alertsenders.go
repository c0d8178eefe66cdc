package exporter

import (
	"context"
	"fmt"
	"sync"

	promconfig "github.com/prometheus/common/config"

	"github.com/evenkeel/evenkeel/alerts/notify"
	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/security"
)

// sending is a sender that runs, or will.
type sending struct {
	*notify.Sender
	cancel context.CancelFunc // nil: not started
	done   chan struct{}
}

// newSenders makes a sender for each Alertmanager. One that was there before starts anew,
// too: to be told twice does an Alertmanager no harm.
func (a *alerting) newSenders(plan *alertPlan) ([]*sending, error) {
	if plan == nil {
		return nil, nil
	}
	var senders []*sending
	for i, m := range plan.Alertmanagers {
		client, err := promconfig.NewClientFromConfig(clientConfig(m), "alertmanager", promconfig.WithUserAgent("evenkeel"))
		if err != nil {
			return nil, fmt.Errorf("alerts.alertmanagers[%d]: %w", i, err)
		}
		generator := ""
		if plan.world.ExternalURL != nil {
			generator = plan.world.ExternalURL.String()
		}
		senders = append(senders, &sending{Sender: notify.New(notify.Options{
			URL: m.URL, Client: client, Alerts: a.toTell,
			ExternalLabels: plan.ExternalLabels, GeneratorURL: generator, Conceal: concealer(m.BasicAuth), Logger: a.log,
		}), done: make(chan struct{})})
	}
	return senders, nil
}

// clientConfig says how to reach an Alertmanager. Files are read anew when they change.
func clientConfig(m config.Alertmanager) promconfig.HTTPClientConfig {
	c := promconfig.HTTPClientConfig{}
	if m.TLS.Enabled {
		c.TLSConfig = promconfig.TLSConfig{
			CAFile: m.TLS.CAFile, CertFile: m.TLS.CertFile, KeyFile: m.TLS.KeyFile,
			ServerName: m.TLS.ServerName, InsecureSkipVerify: m.TLS.InsecureSkipVerify,
		}
	}
	if m.BasicAuth.Username != "" {
		c.BasicAuth = &promconfig.BasicAuth{
			Username: m.BasicAuth.Username, PasswordFile: m.BasicAuth.PasswordFile,
			Password: promconfig.Secret(m.BasicAuth.Password.Reveal()),
		}
	}
	return c
}

// concealer keeps a password out of what an Alertmanager says of it.
func concealer(auth config.BasicAuth) func(string) string {
	return func(text string) string {
		password, err := security.ReadSecret(auth.Password, auth.PasswordFile)
		if err != nil {
			return "(its words are not told: the password in them could not be known)"
		}
		return security.Conceal(text, password)
	}
}

func startAll(ctx context.Context, senders []*sending) {
	for _, s := range senders {
		run, cancel := context.WithCancel(ctx)
		s.cancel = cancel
		go func() {
			defer close(s.done)
			s.Run(run)
		}()
	}
}

// stopSending returns when those that were started have ended.
func stopSending(senders []*sending) {
	var wg sync.WaitGroup
	for _, s := range senders {
		if s.cancel != nil {
			s.cancel()
			wg.Go(func() { <-s.done })
		}
	}
	wg.Wait()
}
