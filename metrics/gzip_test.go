package metrics

import (
	"bytes"
	stdgzip "compress/gzip"
	"io"
	"math/rand/v2"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// unpackEveryWay returns the text of the gzip page, having read it with the
// standard library, with klauspost's and with the gzip program.
func unpackEveryWay(t *testing.T, p *Page, f Format, tail string) string {
	t.Helper()
	var packed bytes.Buffer
	if err := p.WriteTo(&packed, f, true, []byte(tail)); err != nil {
		t.Fatal(err)
	}
	std, err := stdgzip.NewReader(bytes.NewReader(packed.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	std.Multistream(false) // one member only, then nothing
	text := readAll(t, std)
	other, err := gzip.NewReader(bytes.NewReader(packed.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, other); got != text {
		t.Errorf("klauspost's gzip reads %d bytes, the standard library %d", len(got), len(text))
	}
	if path, err := exec.LookPath("gzip"); err == nil {
		command := exec.Command(path, "-dc")
		command.Stdin = &packed
		out, err := command.Output() // gzip fails on a wrong CRC, a wrong length and on bytes left over
		if err != nil || string(out) != text {
			t.Errorf("gzip -dc reads %d bytes, want %d: %v", len(out), len(text), err)
		}
	}
	return text
}

func readAll(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// emitLarge writes families of many chunks, of one chunk and of a few bytes.
func emitLarge(w *Writer) {
	random := rand.New(rand.NewPCG(3, 4))
	w.Begin(leader)
	for topic := range 20 {
		name := "topic-" + Itoa(topic)
		for p := range 200 {
			w.Int(random.Int64(), name, Itoa(p))
		}
	}
	w.Begin(brokers)
	w.Int(9)
	w.Begin(shrinks)
	for b := range 500 {
		w.Float(random.Float64(), Itoa(b))
	}
	w.Begin(mntr)
	w.Int(1, strings.Repeat("a name longer than what is gathered ", 4000))
}

func TestGzipIsOnePlainMember(t *testing.T) {
	tails := map[string]string{
		"none": "", "short": "# EOF\n", "of several blocks": strings.Repeat("# go_goroutines and others\n", 4000),
	}
	encoder := NewEncoder()
	first, err := encoder.Encode("first", emitLarge)
	if err != nil {
		t.Fatal(err)
	}
	second, err := encoder.Encode("second", emitSmall)
	if err != nil {
		t.Fatal(err)
	}
	page := NewPage(order, first, second)
	for name, tail := range tails {
		for _, f := range []Format{Text, OpenMetrics} {
			want := render(t, page, f, tail)
			if got := unpackEveryWay(t, page, f, tail); got != want {
				t.Errorf("tail %s, %s: gzip gives %d bytes, identity %d", name, f.ContentType(), len(got), len(want))
			}
			if lines := strings.Count(want, "\n"); lines != first.Series()+second.Series()+8+strings.Count(tail, "\n") {
				t.Errorf("tail %s: %d lines", name, lines)
			}
		}
	}
}

// TestLinesDoNotDependOnChunks holds what crosses chunk borders, and blocks of
// the compressor, against the same samples in one piece each.
func TestLinesDoNotDependOnChunks(t *testing.T) {
	text := render(t, NewPage(order, encode(t, "prod", emitLarge)), Text, "")
	random := rand.New(rand.NewPCG(3, 4))
	families := parse(t, text)
	samples := families[leader.Name].GetMetric()
	if len(samples) != 4000 {
		t.Fatalf("%d samples, want 4000", len(samples))
	}
	for i, m := range samples {
		want := float64(random.Int64())
		topic, partition := m.GetLabel()[1].GetValue(), m.GetLabel()[2].GetValue()
		if m.GetGauge().GetValue() != want || topic != "topic-"+Itoa(i/200) || partition != Itoa(i%200) {
			t.Fatalf("sample %d: %v, want %v", i, m, want)
		}
	}
	if n := len(families[mntr.Name].GetMetric()[0].GetLabel()[1].GetValue()); n != 144_000 {
		t.Errorf("the long label has %d bytes, want 144000", n)
	}
}

func TestHeaderLongerThanAStoredBlock(t *testing.T) {
	f := &Family{Name: "x", Help: strings.Repeat("much to say ", 20_000)}
	part := encode(t, "prod", func(w *Writer) { w.Begin(f); w.Int(1) })
	want := "# HELP x " + f.Help + "\n# TYPE x gauge\nx{kafka_cluster=\"prod\"} 1\n"
	if got := unpackEveryWay(t, NewPage([]*Family{f}, part), Text, ""); got != want {
		t.Errorf("%d bytes, want %d", len(got), len(want))
	}
}

// TestConcurrentScrapes is for the race detector, and for what the pool of
// inflaters could mix up.
func TestConcurrentScrapes(t *testing.T) {
	encoder := NewEncoder()
	var pages [2]*Page
	var texts [2]string
	for i := range pages {
		part, err := encoder.Encode("cluster-"+Itoa(i), emitLarge)
		if err != nil {
			t.Fatal(err)
		}
		pages[i] = NewPage(order, part)
		texts[i] = render(t, pages[i], Text, "")
	}
	var running sync.WaitGroup
	for i := range 40 {
		page, tail, zip := pages[i%2], strings.Repeat("# "+Itoa(i)+"\n", i), i%3 != 0
		want := texts[i%2] + tail
		running.Go(func() {
			var out bytes.Buffer
			if err := page.WriteTo(&out, Text, zip, []byte(tail)); err != nil {
				t.Error(err)
			}
			got := out.Bytes()
			if zip {
				r, err := stdgzip.NewReader(&out)
				if err != nil {
					t.Error(err)
					return
				}
				if got, err = io.ReadAll(r); err != nil {
					t.Error(err)
				}
			}
			if string(got) != want {
				t.Errorf("scrape %d differs", i)
			}
		})
	}
	running.Wait()
}
