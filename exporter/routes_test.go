package exporter

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/config"
)

// allMethods are those of net/http, and one that nobody knows.
var allMethods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"}

// counted returns an exporter that may be reloaded over HTTP, and how often it was.
func counted(t *testing.T) (e *Exporter, reloads *int) {
	t.Helper()
	reloads = new(int)
	e = newExporter(t, twoClusters, Options{EnableLifecycle: true, Load: func() (*config.Config, error) {
		*reloads++
		return config.Parse("test.yml", []byte(twoClusters))
	}})
	publishAt(e.watchers[0], time.Now())
	return e, reloads
}

// split returns a route's method and a path that leads to it.
func split(pattern string) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	return method, strings.NewReplacer("{$}", "", "{name}", "a").Replace(path)
}

// TestOnlyItsMethodIsServed asks for every route in every way. What reads answers
// GET and HEAD and changes nothing; what changes answers POST alone.
func TestOnlyItsMethodIsServed(t *testing.T) {
	e, reloads := counted(t)
	watchers := e.all()
	for pattern := range e.routes() {
		own, path := split(pattern)
		allowed := []string{own}
		if own == "GET" {
			allowed = append(allowed, "HEAD")
		} else if own != "POST" {
			t.Errorf("%s: a method that no browser guards", pattern)
		}
		for _, method := range allMethods {
			if method == "POST" && own == "POST" {
				continue // this one acts
			}
			res, text := fetch(t, e, method, path)
			switch refused := res.StatusCode == http.StatusMethodNotAllowed; {
			case refused == slices.Contains(allowed, method):
				t.Errorf("%s %s: %d %s", method, path, res.StatusCode, text)
			case refused && res.Header.Get("Allow") != strings.Join(allowed, ", "):
				t.Errorf("%s %s: Allow: %q", method, path, res.Header.Get("Allow"))
			}
		}
	}
	if *reloads != 0 || !slices.Equal(watchers, e.all()) {
		t.Errorf("reloaded %d times without POST", *reloads)
	}
	if res, text := fetch(t, e, "POST", "/-/reload"); res.StatusCode != http.StatusOK || *reloads != 1 {
		t.Errorf("POST /-/reload: %d %s, reloaded %d times", res.StatusCode, text, *reloads)
	}
}

// TestOtherSitesCannotPost sends what a browser sends for a form of another site.
// The host of a test's request is example.com.
func TestOtherSitesCannotPost(t *testing.T) {
	e, reloads := counted(t)
	for _, c := range []struct {
		refused bool
		header  []string
	}{
		{true, []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example.net"}},
		{true, []string{"Sec-Fetch-Site", "same-site", "Origin", "https://other.example.com"}},
		{true, []string{"Origin", "http://evil.example.net"}}, // over plain HTTP there is no more than this
		{true, []string{"Origin", "null"}},
		{false, []string{"Sec-Fetch-Site", "same-origin", "Origin", "https://example.com"}},
		{false, []string{"Origin", "http://example.com"}},
		{false, nil}, // no browser
	} {
		for pattern := range e.routes() {
			method, path := split(pattern)
			if method != "POST" {
				continue
			}
			before := *reloads
			res, text := fetch(t, e, method, path, c.header...)
			// What a person tells the rebalancer is refused in this test for another reason.
			if got := res.StatusCode == http.StatusForbidden && !strings.Contains(text, "without authentication"); got != c.refused {
				t.Errorf("%s with %q: %d %s", path, c.header, res.StatusCode, text)
			}
			if path == "/-/reload" && (*reloads == before) != c.refused {
				t.Errorf("with %q it was reloaded %d times", c.header, *reloads-before)
			}
		}
	}
}

// TestBrowsersAreToldWhatThePageIs holds the headers, and that the page as it is
// rendered needs no more than its policy allows.
func TestBrowsersAreToldWhatThePageIs(t *testing.T) {
	e, _ := counted(t)
	for pattern := range e.routes() {
		method, path := split(pattern)
		res, _ := fetch(t, e, method, path)
		for name, value := range browserHeaders {
			if got := res.Header.Get(name); got != value {
				t.Errorf("%s: %s: %q", pattern, name, got)
			}
		}
	}
	_, page := fetch(t, e, "GET", "/")
	beyond := regexp.MustCompile(`(?i)<style|<script>|(src|href)="(https?:)?//|<img|<iframe|<form|<base|<object|\sstyle=|\son[a-z]+=|javascript:`)
	if found := beyond.FindString(page); found != "" {
		t.Errorf("the policy does not allow %q on the page", found)
	}
}

// TestWebConfigurationSetsHeaders: whoever wants the page in a frame may say so.
func TestWebConfigurationSetsHeaders(t *testing.T) {
	h := http.Header{"X-Frame-Options": {"SAMEORIGIN"}}
	withHeaders(http.NotFoundHandler()).ServeHTTP(headersOnly{h}, new(http.Request))
	if got := h.Values("X-Frame-Options"); !slices.Equal(got, []string{"SAMEORIGIN"}) || h.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("%v", h)
	}
}

// headersOnly is a response that was begun by somebody else.
type headersOnly struct{ h http.Header }

func (w headersOnly) Header() http.Header         { return w.h }
func (w headersOnly) Write(p []byte) (int, error) { return len(p), nil }
func (w headersOnly) WriteHeader(int)             {}
