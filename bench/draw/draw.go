// Package draw makes the line charts of the documentation, as SVG that reads in light
// and in dark pages alike.
package draw

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// Line is one line of a chart, in its own colour.
type Line struct {
	Name string
	X, Y []float64 // of equal length, X rising
}

// Chart is a chart of lines over a common axis that begins at 0, as both axes do.
type Chart struct {
	Title, X, Y string // the latter two name the axes, with their units
	Lines       []Line
}

const (
	width, height            = 760.0, 340.0
	left, right, top, bottom = 70.0, 20.0, 40.0, 50.0
	ticks                    = 5
)

var colours = []string{"#2f6fd0", "#c2571a", "#2e8b57", "#8a4fbf", "#b03060"}

// SVG returns the chart as a document of its own.
func (c Chart) SVG() string {
	var b strings.Builder
	maxX, maxY := c.greatest()
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" role="img" aria-label="%s" font-family="sans-serif" font-size="12">`+"\n",
		width, height, html.EscapeString(c.Title))
	fmt.Fprintf(&b, `<rect width="%g" height="%g" fill="#ffffff"/>`+"\n", width, height)
	text(&b, left, 20, "start", c.Title)
	text(&b, (left+width-right)/2, height-8, "middle", c.X)
	fmt.Fprintf(&b, `<text x="16" y="%g" text-anchor="middle" transform="rotate(-90 16 %g)">%s</text>`+"\n", height/2, height/2, html.EscapeString(c.Y))
	for i := range ticks + 1 {
		share := float64(i) / ticks
		x, y := at(share, 1)[0], at(0, share)[1]
		fmt.Fprintf(&b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#dddddd"/>`+"\n", left, y, width-right, y)
		text(&b, left-6, y+4, "end", number(maxY*share))
		text(&b, x, height-bottom+16, "middle", number(maxX*share))
	}
	for i, l := range c.Lines {
		var points []string
		for j := range l.X {
			p := at(l.X[j]/maxX, l.Y[j]/maxY)
			points = append(points, fmt.Sprintf("%.1f,%.1f", p[0], p[1]))
		}
		colour := colours[i%len(colours)]
		fmt.Fprintf(&b, `<polyline fill="none" stroke="%s" stroke-width="2" points="%s"/>`+"\n", colour, strings.Join(points, " "))
		fmt.Fprintf(&b, `<text x="%g" y="%g" fill="%s">%s</text>`+"\n", left+12, top+14+float64(i)*16, colour, html.EscapeString(l.Name))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// at returns the place of a point that is given by its share of each axis.
func at(x, y float64) [2]float64 {
	return [2]float64{left + x*(width-left-right), height - bottom - y*(height-top-bottom)}
}

// greatest returns the ends of the axes, which are round numbers.
func (c Chart) greatest() (x, y float64) {
	for _, l := range c.Lines {
		for i := range l.X {
			x, y = max(x, l.X[i]), max(y, l.Y[i])
		}
	}
	return round(x), round(y)
}

// round returns the least of 1, 2, 2.5 and 5 times a power of ten that is not below v.
func round(v float64) float64 {
	if v <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, step := range []float64{1, 2, 2.5, 5} {
		if step*power >= v {
			return step * power
		}
	}
	return 10 * power
}

func number(v float64) string {
	if v >= 1000 && v == math.Trunc(v) {
		text := fmt.Sprintf("%.0f", v)
		for i := len(text) - 3; i > 0; i -= 3 {
			text = text[:i] + "," + text[i:]
		}
		return text
	}
	return fmt.Sprintf("%.3g", v)
}

func text(b *strings.Builder, x, y float64, anchor, s string) {
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="%s">%s</text>`+"\n", x, y, anchor, html.EscapeString(s))
}
