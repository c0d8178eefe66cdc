package exporter

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

// Handler serves everything over HTTP. What changes something is a POST, and one
// that another site makes a browser send is refused.
func (e *Exporter) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, handler := range e.routes() {
		mux.HandleFunc(pattern, handler)
	}
	return withHeaders(http.NewCrossOriginProtection().Handler(mux))
}

// routes are the patterns of http.ServeMux with what serves them. It answers other
// methods with 405 and the header Allow, and HEAD as GET.
func (e *Exporter) routes() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET /{$}":                    e.servePage,
		"GET /api/v1/elections":       e.serveElections,
		"GET /api/v1/alerts":          e.serveAlerts,
		"GET /runbooks/{name}":        serveRunbook,
		"GET /metrics":                e.serveMetrics,
		"GET /api/v1/clusters":        e.serveClusters,
		"GET /api/v1/clusters/{name}": e.serveCluster,
		"GET /-/healthy":              serveHealthy,
		"GET /-/ready":                e.serveReady,
		"POST /-/reload":              e.serveReload,
		"POST /-/rebalance/pause":     e.serveWord(pauseWord),
		"POST /-/rebalance/resume":    e.serveWord(resumeWord),
		"POST /-/rebalance/exclude":   e.serveWord(excludeWord),
	}
}

func serveHealthy(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "evenkeel works.") }

// browserHeaders tell a browser to do with an answer what it is meant for and no
// more: no script at all, no style but the page's own, no frame around it, no
// guessing at what it is.
var browserHeaders = map[string]string{
	"Content-Security-Policy": "default-src 'none'; style-src '" + styleHash(pageHTML) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	"Referrer-Policy":         "no-referrer",
	"X-Content-Type-Options":  "nosniff",
	"X-Frame-Options":         "DENY",
}

// withHeaders sets the browserHeaders, except those that the web configuration sets.
func withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for name, value := range browserHeaders {
			if h.Get(name) == "" {
				h.Set(name, value)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// styleHash names the one style element of a page in a Content-Security-Policy.
func styleHash(page string) string {
	_, rest, _ := strings.Cut(page, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
