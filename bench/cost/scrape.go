//go:build linux

package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A scrape that takes longer is given up.
const scrapeTimeout = 10 * time.Minute

// scraper asks as a Prometheus server does. It does not unpack by itself, so that
// its work stays out of the time of a scrape.
var scraper = &http.Client{Timeout: scrapeTimeout, Transport: &http.Transport{DisableCompression: true}}

// page is one answer to a scrape.
type page struct {
	body   []byte // as it came
	packed bool
	wall   time.Duration
}

// scrape gets the page, compressed if the exporter can.
func (r *running) scrape(ctx context.Context) (page, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url, nil)
	if err != nil {
		return page{}, err
	}
	request.Header.Set("Accept", "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3")
	request.Header.Set("Accept-Encoding", "gzip")
	begun := time.Now()
	response, err := scraper.Do(request)
	if err != nil {
		return page{}, fmt.Errorf("scrape %s: %w", r.name, err)
	}
	defer response.Body.Close()
	p := page{packed: response.Header.Get("Content-Encoding") == "gzip"}
	if p.body, err = io.ReadAll(response.Body); err != nil {
		return page{}, fmt.Errorf("scrape %s: %w", r.name, err)
	}
	p.wall = time.Since(begun)
	if response.StatusCode != http.StatusOK {
		return page{}, fmt.Errorf("scrape %s: %s: %.200s", r.name, response.Status, p.body)
	}
	return p, nil
}

// text returns the page unpacked.
func (p page) text() ([]byte, error) {
	if !p.packed {
		return p.body, nil
	}
	reader, err := gzip.NewReader(bytes.NewReader(p.body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(reader)
}

// samples are the values of a page's series by name, each a sum over all labels,
// and their numbers.
type samples struct {
	sum    map[string]float64
	number map[string]int
	all    int
}

func parseSamples(text []byte) (samples, error) {
	s := samples{sum: make(map[string]float64), number: make(map[string]int)}
	for line := range bytes.Lines(text) {
		if line[0] == '#' {
			continue
		}
		// A label's value may hold what ends the labels, the sample's value may not.
		series, value, _ := strings.Cut(string(line), " ")
		// The last, because a label's value may hold the same.
		if end := bytes.LastIndex(line, []byte("} ")); end >= 0 {
			series, value = string(line[:end]), string(line[end+len("} "):])
		}
		name, _, _ := strings.Cut(series, "{")
		value, _, _ = strings.Cut(strings.TrimSpace(value), " ") // a time may follow
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return samples{}, fmt.Errorf("series %s: %w", series, err)
		}
		s.sum[name] += n
		s.number[name]++
		s.all++
	}
	return s, nil
}

// samples scrapes and reads the page.
func (r *running) samples(ctx context.Context) (samples, error) {
	p, err := r.scrape(ctx)
	if err != nil {
		return samples{}, err
	}
	text, err := p.text()
	if err != nil {
		return samples{}, fmt.Errorf("scrape %s: %w", r.name, err)
	}
	return parseSamples(text)
}
