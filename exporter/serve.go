package exporter

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/expfmt"

	"github.com/evenkeel/evenkeel/collectors"
	"github.com/evenkeel/evenkeel/metrics"
)

// families is the order in which /metrics tells the clusters' metrics.
var families = collectors.Families()

// serveMetrics writes what the polls left encoded, and evenkeel's own registry
// after it. Of a cluster whose snapshot is too old to be true it tells only how
// evenkeel itself is.
func (e *Exporter) serveMetrics(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	order := families
	var parts []metrics.Part
	for _, watcher := range e.all() {
		p, fresh := watcher.fresh(now)
		if p == nil {
			continue
		}
		if fresh {
			parts = append(parts, p.encoded.Cluster...)
			order = withMore(order, p.encoded.More)
		}
		parts = append(parts, p.encoded.Itself)
	}
	format := metrics.Negotiate(r.Header)
	tail, err := e.ownMetrics(format)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	gzip := metrics.AcceptsGzip(r.Header)
	h := w.Header()
	h.Set("Content-Type", format.ContentType())
	h.Set("Vary", "Accept, Accept-Encoding")
	if gzip {
		h.Set("Content-Encoding", "gzip")
	}
	if err := metrics.NewPage(order, parts...).WriteTo(w, format, gzip, tail); err != nil {
		e.log.Debug("Scrape not written to its end", "remote", r.RemoteAddr, "err", err)
	}
}

// withMore adds families to an order, which is not changed, unless they are in it.
func withMore(order, more []*metrics.Family) []*metrics.Family {
	order = slices.Clip(order)
	for _, f := range more {
		if !slices.ContainsFunc(order, func(o *metrics.Family) bool { return o.Name == f.Name }) {
			order = append(order, f)
		}
	}
	return order
}

// ownMetrics is the exposition of the process itself: go_*, process_*, build and
// reload.
func (e *Exporter) ownMetrics(format metrics.Format) ([]byte, error) {
	gathered, err := e.registry.Gather()
	if err != nil {
		return nil, fmt.Errorf("gather evenkeel's own metrics: %w", err)
	}
	var buf bytes.Buffer
	enc := expfmt.NewEncoder(&buf, expfmt.Format(format.ContentType()))
	for _, family := range gathered {
		if err := enc.Encode(family); err != nil {
			return nil, fmt.Errorf("encode evenkeel's own metrics: %w", err)
		}
	}
	if closer, ok := enc.(expfmt.Closer); ok {
		if err := closer.Close(); err != nil {
			return nil, fmt.Errorf("encode evenkeel's own metrics: %w", err)
		}
	}
	return buf.Bytes(), nil
}

// serveReady answers 200 once every cluster has been reached, else 503 and why.
func (e *Exporter) serveReady(w http.ResponseWriter, _ *http.Request) {
	var reasons []string
	for _, watcher := range e.all() {
		if ok, reason := watcher.ready(); !ok {
			reasons = append(reasons, reason)
		}
	}
	if len(reasons) > 0 {
		http.Error(w, strings.Join(reasons, "\n"), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "evenkeel is ready.")
}

func (e *Exporter) serveReload(w http.ResponseWriter, _ *http.Request) {
	if !e.opts.EnableLifecycle {
		http.Error(w, "reload over HTTP is not enabled: start evenkeel with --web.enable-lifecycle, or send it SIGHUP", http.StatusForbidden)
		return
	}
	if err := e.Reload(); err != nil {
		http.Error(w, "the old configuration stays in force: "+err.Error(), http.StatusBadRequest)
		return
	}
	fmt.Fprintln(w, "configuration reloaded")
}
