package exporter

import (
	"fmt"
	"net/http"
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
		"GET /clusters/{name}":        e.serveClusterPage,
		"GET /assets/{name}":          serveAsset,
		"GET /api/v1/elections":       e.serveElections,
		"GET /api/v1/alerts":          e.serveAlerts,
		"GET /runbooks/{name}":        serveRunbook,
		"GET /metrics":                e.serveMetrics,
		"GET /api/v1/clusters":        e.serveClusters,
		"GET /api/v1/clusters/{name}": e.serveCluster,
		"GET /api/v1/history/{name}":  e.serveHistory,
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
// more: nothing from elsewhere, no script or style but evenkeel's own files, no frame around
// it, no guessing at what it is.
var browserHeaders = map[string]string{
	"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
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
