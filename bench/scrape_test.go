//go:build unix

package bench

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/metrics"
)

// BenchmarkScrape is one scrape of that page over HTTP on loopback. server-ms is
// the time in the handler; the client does not unpack what it gets, so that it
// stays off the processors.
func BenchmarkScrape(b *testing.B) {
	page := largePage(b)
	for _, encoding := range []string{"gzip", "identity"} {
		b.Run(encoding, func(b *testing.B) { benchmarkScrape(b, page, encoding) })
	}
}

func largePage(tb testing.TB) *metrics.Page {
	input := newExposition()
	part, err := metrics.NewEncoder().Encode("prod", input.emit)
	if err != nil {
		tb.Fatal(err)
	}
	return metrics.NewPage(input.order(), part)
}

// serve serves the page on loopback. Each scrape adds its time to inHandler,
// before the client has got the last byte.
func serve(tb testing.TB, page *metrics.Page, inHandler *atomic.Int64) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		format, zip := metrics.Negotiate(r.Header), metrics.AcceptsGzip(r.Header)
		w.Header().Set("Content-Type", format.ContentType())
		if zip {
			w.Header().Set("Content-Encoding", "gzip")
		}
		if err := page.WriteTo(w, format, zip, []byte("# TYPE evenkeel_up gauge\nevenkeel_up 1\n")); err != nil {
			tb.Error(err)
		}
		inHandler.Add(int64(time.Since(start)))
	}))
	tb.Cleanup(server.Close)
	return server
}

func benchmarkScrape(b *testing.B, page *metrics.Page, encoding string) {
	var inHandler atomic.Int64
	server := serve(b, page, &inHandler)
	b.ReportAllocs()
	for b.Loop() {
		body := get(b, server.URL, encoding)
		if n, err := io.Copy(io.Discard, body); err != nil || n == 0 {
			b.Fatal(n, err)
		}
		body.Close()
	}
	b.ReportMetric(float64(inHandler.Load())/1e6/float64(b.N), "server-ms/op")
}

func get(tb testing.TB, url, encoding string) io.ReadCloser {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		tb.Fatal(err)
	}
	request.Header.Set("Accept-Encoding", encoding) // set by hand, it is not undone on the way
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		tb.Fatal(err)
	}
	return response.Body
}

// TestScrapeIsWhole sees to it that what is measured is the whole page.
func TestScrapeIsWhole(t *testing.T) {
	server := serve(t, largePage(t), new(atomic.Int64))
	body := get(t, server.URL, "gzip")
	defer body.Close()
	unpacked, err := gzip.NewReader(body)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	const headers = 2 * (partitionFamilies + groupFamilies)
	const tail = 2
	if lines := bytes.Count(text, []byte("\n")); lines != allSeries+headers+tail {
		t.Errorf("%d lines, want %d", lines, allSeries+headers+tail)
	}
}
