package metrics

import (
	"net/http"
	"strings"
	"testing"
)

// FuzzNegotiate holds that every pair of headers, of one line or of several, gets
// one of the two formats and the same one each time; that what asks for nothing gets
// text and no gzip.
func FuzzNegotiate(f *testing.F) {
	for _, c := range prometheusAccepts {
		f.Add(c.accept, "gzip")
	}
	f.Add("", "")
	f.Add("application/openmetrics-text;q=NaN", "gzip;q=NaN")
	f.Add("application/openmetrics-text;version=\"1.0.0\";q=1e999\n*/*", "*;q=0\ngzip;q=1")
	f.Add("text/plain;q=-1,application/openmetrics-text;q=-0", " x-GZIP ; Q=0.0 ,*")
	f.Fuzz(func(t *testing.T, accept, encoding string) {
		h := http.Header{"Accept": strings.Split(accept, "\n"), "Accept-Encoding": strings.Split(encoding, "\n")}
		format, gzip := Negotiate(h), AcceptsGzip(h)
		if format != Text && format != OpenMetrics {
			t.Fatalf("format %d for %q", format, accept)
		}
		if again := Negotiate(h); again != format || AcceptsGzip(h) != gzip {
			t.Errorf("%q and %q are answered in two ways", accept, encoding)
		}
		if format == OpenMetrics && !strings.Contains(strings.ToLower(accept), "application/openmetrics-text") {
			t.Errorf("OpenMetrics for %q", accept)
		}
		if low := strings.ToLower(encoding); gzip && !strings.Contains(low, "gzip") && !strings.Contains(low, "*") {
			t.Errorf("gzip for %q", encoding)
		}
	})
}
