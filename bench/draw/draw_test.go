package draw

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestSVG(t *testing.T) {
	svg := Chart{Title: "a < b", X: "partitions", Y: "ms", Lines: []Line{
		{Name: "one & two", X: []float64{0, 1000, 200_000}, Y: []float64{0, 1, 90}},
		{Name: "flat", X: []float64{0, 200_000}, Y: []float64{50, 50}},
	}}.SVG()
	decoder := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("no XML: %v\n%s", err, svg)
		}
	}
	// The axes end at 200,000 and 100; the middle of the second line is half way up.
	for _, want := range []string{">200,000<", ">100<", "a &lt; b", "one &amp; two", `points="70.0,165.0 740.0,165.0"`} {
		if !strings.Contains(svg, want) {
			t.Errorf("%q is missing in\n%s", want, svg)
		}
	}
}

func TestRound(t *testing.T) {
	for v, want := range map[float64]float64{0: 1, 1: 1, 1.1: 2, 90: 100, 210: 250, 251: 500, 0.04: 0.05} {
		if got := round(v); got < want*0.999 || got > want*1.001 {
			t.Errorf("%v is rounded to %v, want %v", v, got, want)
		}
	}
}
