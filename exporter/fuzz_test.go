package exporter

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/config"
)

// maxAnswer is more than anything of the two small clusters takes, in bytes, beside
// what repeats the request.
const maxAnswer = 256 << 10

// FuzzRequest sends anything that net/http takes for a request to all that is
// served. Nothing panics, nothing but /-/ready fails, nothing but the one POST has
// an effect, no answer is endless, and no redirect leads to another site.
func FuzzRequest(f *testing.F) {
	for _, target := range []string{
		"/", "/clusters/a", "/clusters/%2e%2e", "/assets/%2e%2e%2fpage.html", "/assets/page.html", "/api/v1/history/%00", "/metrics", "/metrics?collect[]=%zz&x=1;y", "/api/v1/clusters", "/api/v1/clusters/a", "/api/v1/clusters/%2e%2e", "/api/v1/clusters/%00%ff",
		"/api/v1/clusters/a/b", "/-/healthy", "/-/ready", "/-/reload", "//evil.example.net/..", "/a/../metrics", "/runbooks/%2fetc%2fpasswd", "*", "http://x/metrics",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS"} {
			f.Add(method, target, "application/openmetrics-text;version=1.0.0,*/*;q=0.1", "gzip;q=0.5, *;q=0", "Origin: http://evil.example.net")
		}
	}
	f.Add("CONNECT", "x:443", "\"", ";;=,", "Range: bytes=0-")
	f.Add("GET", "/metrics", "text/plain;q=NaN", "*", "Transfer-Encoding: chunked")
	reloads := 0
	cfg, err := config.Parse("test.yml", []byte(twoClusters))
	if err != nil {
		f.Fatal(err)
	}
	e := newExporter(f, twoClusters, Options{EnableLifecycle: true, Load: func() (*config.Config, error) {
		reloads++
		return cfg, nil
	}})
	publishAt(e.watchers[0], time.Now().Add(time.Hour)) // fresh for as long as this may run
	handler := DefaultLimits.handler(e.Handler())
	f.Fuzz(func(t *testing.T, method, target, accept, encoding, other string) {
		raw := method + " " + target + " HTTP/1.1\r\nHost: x\r\nAccept: " + accept + "\r\nAccept-Encoding: " + encoding + "\r\n" + other + "\r\n\r\n"
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
		if err != nil {
			return // net/http itself answers with 400
		}
		before := reloads
		w := recorder{httptest.NewRecorder()}
		handler.ServeHTTP(w, r)
		if acted := reloads != before; acted && (r.Method != http.MethodPost || r.URL.Path != "/-/reload") {
			t.Errorf("reloaded by %q", raw)
		}
		if w.Code >= 500 && (w.Code != http.StatusServiceUnavailable || r.URL.Path != "/-/ready") {
			t.Errorf("%d for %q:\n%s", w.Code, raw, w.Body)
		}
		if w.Body.Len() > maxAnswer+8*len(raw) {
			t.Errorf("an answer of %d bytes for %q", w.Body.Len(), raw)
		}
		if to := w.Header().Get("Location"); to != "" {
			if u, err := url.Parse(to); err != nil || u.Host != "" && u.Host != r.Host || strings.HasPrefix(to, "//") {
				t.Errorf("%q leads to %q", raw, to)
			}
		}
	})
}

// recorder takes deadlines, as a connection does.
type recorder struct{ *httptest.ResponseRecorder }

func (recorder) SetWriteDeadline(time.Time) error { return nil }
