package metrics

import (
	"net/http"
	"testing"

	"github.com/prometheus/common/expfmt"
)

// What Prometheus sends: 3.x by default and with protobuf first, 2.x, and 2.5.
var prometheusAccepts = []struct {
	want   Format
	accept string
}{
	{OpenMetrics, `application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,` +
		`application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,` +
		`text/plain;version=0.0.4;q=0.3,*/*;q=0.2`},
	{OpenMetrics, `application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,` +
		`application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,` +
		`text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,` +
		`*/*;q=0.2`},
	{Text, `text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,` +
		`text/plain;version=0.0.4;q=0.5,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.4,` +
		`*/*;q=0.2`},
	{OpenMetrics, `application/openmetrics-text;version=1.0.0,` +
		`application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,` +
		`*/*;q=0.1`},
	{Text, `application/openmetrics-text; version=0.0.1,` +
		`text/plain;version=0.0.4;q=0.5,*/*;q=0.1`},
	{Text, `application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,` +
		`text/plain;version=0.0.4;q=0.3`},
}

func TestNegotiateWithPrometheus(t *testing.T) {
	for _, c := range prometheusAccepts {
		h := http.Header{"Accept": {c.accept}}
		if got := Negotiate(h); got != c.want {
			t.Errorf("%s: %s", c.accept, got.ContentType())
		}
		// The library that serves the other metrics must come to the same answer.
		theirs := expfmt.NegotiateAccept(h, expfmt.FmtOpenMetrics_1_0_0, expfmt.FmtText)
		if isOM := theirs.FormatType() == expfmt.TypeOpenMetrics; isOM != (c.want == OpenMetrics) {
			t.Errorf("%s: expfmt says %s", c.accept, theirs)
		}
	}
}

func TestNegotiateWithOthers(t *testing.T) {
	for accept, want := range map[string]Format{
		"":    Text,
		"*/*": Text,
		"text/html,application/xhtml+xml,*/*;q=0.8":                                             Text,
		"application/openmetrics-text":                                                          OpenMetrics,
		"Application/OpenMetrics-Text; Version=1.0.0; charset=utf-8":                            OpenMetrics,
		"application/openmetrics-text;version=2.0.0":                                            Text,
		"application/openmetrics-text;version=1.0.0;q=0.3, text/plain;q=0.5":                    Text,
		"text/plain;q=0.3, application/openmetrics-text;version=1.0.0; q=0.5":                   OpenMetrics,
		"application/openmetrics-text;version=1.0.0;q=0, */*":                                   Text,
		"application/openmetrics-text;version=1.0.0;q=much":                                     Text,
		"application/openmetrics-text;version=1.0.0;version=0.0.1":                              Text, // malformed
		"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text": Text,
	} {
		if got := Negotiate(http.Header{"Accept": {accept}}); got != want {
			t.Errorf("%q: %s", accept, got.ContentType())
		}
	}
	lines := http.Header{"Accept": {"text/plain;q=0.5", "application/openmetrics-text;version=1.0.0"}}
	if Negotiate(lines) != OpenMetrics {
		t.Error("the second line of the header was not read")
	}
	if Negotiate(nil) != Text {
		t.Error("without a header: not text")
	}
}

func TestContentType(t *testing.T) {
	for f, want := range map[Format]expfmt.Format{Text: expfmt.FmtText, OpenMetrics: expfmt.FmtOpenMetrics_1_0_0} {
		if f.ContentType() != string(want) {
			t.Errorf("%s, want %s", f.ContentType(), want)
		}
	}
}

func TestAcceptsGzip(t *testing.T) {
	for header, want := range map[string]bool{
		"":                        false,
		"identity":                false,
		"gzip":                    true,
		"GZip":                    true,
		"x-gzip":                  true,
		"deflate, gzip;q=0.5, br": true,
		"gzip;q=0":                false,
		"gzip; q=0.000, *":        false,
		"*, gzip;q=0":             false,
		"*":                       true,
		"*;q=0":                   false,
		"gzip;q=a lot":            false,
		"gzipped":                 false,
	} {
		if got := AcceptsGzip(http.Header{"Accept-Encoding": {header}}); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
	if !AcceptsGzip(http.Header{"Accept-Encoding": {"br", "gzip"}}) || AcceptsGzip(nil) {
		t.Error("two lines, or no header at all, read wrongly")
	}
}
