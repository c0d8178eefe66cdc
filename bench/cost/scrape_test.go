//go:build linux

package main

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const pageText = `# HELP a Text with } and spaces.
# TYPE a gauge
a{x="1",y="} 7"} 2.5
a{x="2",y=""} 1e3
b 3
b_total{x="é"} 4 1700000000
# EOF
`

func TestParseSamples(t *testing.T) {
	s, err := parseSamples([]byte(pageText))
	if err != nil || s.all != 4 || s.number["a"] != 2 || s.sum["a"] != 1002.5 || s.sum["b"] != 3 || s.sum["b_total"] != 4 {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := parseSamples([]byte("a{x=\"1\"} many\n")); err == nil || !strings.Contains(err.Error(), "a{") {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestScrape(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" {
			http.Error(w, "no such page", http.StatusNotFound)
			return
		}
		if r.Header.Get("Accept-Encoding") != "gzip" {
			t.Errorf("asked for %q", r.Header.Get("Accept-Encoding"))
		}
		w.Header().Set("Content-Encoding", "gzip")
		zip := gzip.NewWriter(w)
		if _, err := zip.Write([]byte(pageText)); err != nil {
			t.Error(err)
		}
		if err := zip.Close(); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	r := &running{name: "other", url: server.URL + "/metrics"}
	p, err := r.scrape(t.Context())
	if err != nil || !p.packed || p.wall <= 0 || bytes.Contains(p.body, []byte("HELP")) {
		t.Fatalf("%+v, %v", p, err)
	}
	out := result{exporter: "other"}
	if err := out.describe(p); err != nil || out.series != 4 || out.gzip != len(p.body) || out.plain != len(pageText) {
		t.Errorf("%+v, %v", out, err)
	}
	r.url = server.URL
	if _, err := r.scrape(t.Context()); err == nil || !strings.Contains(err.Error(), "404") || !strings.Contains(err.Error(), "other") {
		t.Errorf("a page that is not there: %v", err)
	}
}
