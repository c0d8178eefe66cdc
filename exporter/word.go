package exporter

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/evenkeel/evenkeel/rebalance"
)

// wordPatience bounds how long it may take to keep a person's word.
const wordPatience = 10 * time.Second

// word is what a person tells the rebalancer of a cluster: what is done, in words.
type word func(ctx context.Context, r *http.Request, b *rebalancer) (done string, err error)

// badWord is a word that cannot be understood.
type badWord string

func (b badWord) Error() string { return string(b) }

func pauseWord(ctx context.Context, _ *http.Request, b *rebalancer) (string, error) {
	return "paused: nothing is elected until it is resumed", b.Pause(ctx)
}

func resumeWord(ctx context.Context, _ *http.Request, b *rebalancer) (string, error) {
	return "resumed", b.Resume(ctx)
}

// excludeWord gives a broker no leadership for some time, or with for=0s again.
func excludeWord(ctx context.Context, r *http.Request, b *rebalancer) (string, error) {
	broker, err := strconv.ParseInt(r.FormValue("broker"), 10, 32)
	if err != nil || broker < 0 {
		return "", badWord(fmt.Sprintf("broker=%q is no broker; allowed: the id of one, such as broker=3", r.FormValue("broker")))
	}
	span, err := time.ParseDuration(r.FormValue("for"))
	if err != nil || span < 0 || span > math.MaxInt64/2 {
		return "", badWord(fmt.Sprintf("for=%q is no duration; allowed: one such as for=4h, and for=0s to end it", r.FormValue("for")))
	}
	done := fmt.Sprintf("broker %d is given no leadership until %s", broker, time.Now().Add(span).UTC().Format(time.RFC3339))
	if span == 0 {
		done = fmt.Sprintf("broker %d may be given leadership again", broker)
	}
	return done, b.Exclude(ctx, int32(broker), span)
}

// serveWord takes a person's word by POST. It changes what a program does to a cluster, so
// whoever says it has to be known.
func (e *Exporter) serveWord(say word) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if why := e.mute(); why != "" {
			http.Error(w, why, http.StatusForbidden)
			return
		}
		watcher, why := e.meant(r.FormValue("cluster"))
		if watcher == nil {
			http.Error(w, why, http.StatusBadRequest)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), wordPatience)
		defer cancel()
		done, err := say(ctx, r, watcher.rebalancer)
		user, _, _ := r.BasicAuth()
		if err != nil {
			watcher.log.Warn("A person's word was not taken", "path", r.URL.Path, "user", user, "remote", r.RemoteAddr, "err", err)
			http.Error(w, err.Error(), wordStatus(err))
			return
		}
		watcher.log.Info("A person's word was taken", "path", r.URL.Path, "done", done, "user", user, "remote", r.RemoteAddr)
		fmt.Fprintf(w, "cluster %s: %s\n", watcher.cfg.Name, done)
	}
}

// mute says why nobody's word is taken, "" where it is.
func (e *Exporter) mute() string {
	if !e.opts.EnableLifecycle {
		return "this is not enabled: start evenkeel with --web.enable-lifecycle"
	}
	if e.opts.Authenticates == nil {
		return "this is refused without authentication: start evenkeel with --web.config.file and basic_auth_users or client certificates"
	}
	yes, err := e.opts.Authenticates()
	switch {
	case err != nil:
		return "it cannot be told whether users are authenticated: " + err.Error()
	case !yes:
		return "this is refused without authentication: the web configuration has neither basic_auth_users nor required client certificates"
	default:
		return ""
	}
}

// meant returns the watcher of the cluster that is named, or of the only one; else why
// there is none.
func (e *Exporter) meant(name string) (*watcher, string) {
	all := e.all()
	if name == "" && len(all) != 1 {
		return nil, "which cluster? Say ?cluster=NAME"
	}
	for _, w := range all {
		switch {
		case name != "" && w.cfg.Name != name:
		case w.rebalancer == nil:
			return nil, fmt.Sprintf("this is shard %s: say it to the first one", w.cfg.Shard)
		default:
			return w, ""
		}
	}
	return nil, e.unknownCluster(name)
}

func wordStatus(err error) int {
	var bad badWord
	switch {
	case errors.As(err, &bad):
		return http.StatusBadRequest
	case errors.Is(err, rebalance.ErrNotKept):
		return http.StatusConflict
	default:
		return http.StatusBadGateway
	}
}
