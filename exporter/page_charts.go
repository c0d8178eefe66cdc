package exporter

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/evenkeel/evenkeel/chronicle"
)

// pageChart is a figure of the last hour in words; a browser with JavaScript draws it.
type pageChart struct {
	chronicle.Figure
	Now  string // "unknown" where the last poll did not know it
	Text string // how it went
}

// charts puts the last hour into words.
func charts(points []chronicle.Point) (all []pageChart) {
	if len(points) == 0 {
		return nil
	}
	for i, figure := range chronicle.Figures {
		c := pageChart{Figure: figure, Now: "unknown"}
		if v := points[len(points)-1].Values[i]; v.Known {
			c.Now = amount(v.V, figure.Unit)
		}
		least, most, known := extremes(points, i)
		switch {
		case !known:
			c.Text = "not known within the last hour"
		case least.V == most.V:
			c.Text = "the same all the time"
		default:
			c.Text = fmt.Sprintf("least %s at %s, most %s at %s", amount(least.V, figure.Unit), clock(least.at), amount(most.V, figure.Unit), clock(most.at))
		}
		all = append(all, c)
	}
	return all
}

type extreme struct {
	V  float64
	at time.Time
}

func extremes(points []chronicle.Point, figure int) (least, most extreme, known bool) {
	for _, p := range points {
		v := p.Values[figure]
		if !v.Known {
			continue
		}
		here := extreme{v.V, p.At}
		if !known || v.V < least.V {
			least = here
		}
		if !known || v.V >= most.V {
			most = here
		}
		known = true
	}
	return least, most, known
}

// amount prints a figure with two or three digits that matter.
func amount(v float64, unit string) string {
	if unit == "s" && v >= 60 {
		return age(&v)
	}
	digits := 0
	if v != float64(int64(v)) && v < 10 {
		digits = 1
	}
	text := strconv.FormatFloat(v, 'f', digits, 64)
	if unit != "" {
		text += " " + unit
	}
	return text
}

// apiHistory is the last hour of a cluster.
type apiHistory struct {
	At      []float64   `json:"at"` // seconds since 1970
	Figures []apiFigure `json:"figures"`
}

type apiFigure struct {
	Name   string     `json:"name"`
	Title  string     `json:"title"`
	Unit   string     `json:"unit,omitempty"` // a count where there is none
	Values []*float64 `json:"values"`         // one for each of At; null where it was not known
}

// serveHistory tells what the charts of the page show.
func (e *Exporter) serveHistory(w http.ResponseWriter, r *http.Request) {
	if watcher := e.named(w, r); watcher != nil {
		writeJSON(w, historyOf(watcher.chronicle.Points(time.Now())))
	}
}

func historyOf(points []chronicle.Point) apiHistory {
	h := apiHistory{At: make([]float64, 0, len(points))}
	for i, figure := range chronicle.Figures {
		f := apiFigure{Name: figure.Name, Title: figure.Title, Unit: figure.Unit, Values: make([]*float64, 0, len(points))}
		for _, p := range points {
			f.Values = append(f.Values, known(p.Values[i].V, p.Values[i].Known))
		}
		h.Figures = append(h.Figures, f)
	}
	for _, p := range points {
		h.At = append(h.At, float64(p.At.UnixMilli())/1000)
	}
	return h
}
