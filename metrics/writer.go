package metrics

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"strconv"

	"github.com/klauspost/compress/flate"
)

// chunkSize is how much text is gathered before it goes to the compressor. It
// bounds what an Encode needs at any time, whatever the size of the cluster.
const chunkSize = 64 << 10

// Writer takes the samples of one cluster, family by family. It is handed out by
// Encoder.Encode and must not be used after that has returned. Its methods panic
// on a programming error, and Encode returns that as its error.
type Writer struct {
	cluster string // as it stands between quotes
	family  *Family
	begun   map[string]bool // names of the families of this Encode

	// The fixed text of the family's lines: before[i] stands before the i-th
	// label value, the last one before the number.
	before []string

	// clean[i] is the last i-th label value that can be written as it is. Most
	// lines have all but the last value in common with the line above.
	clean []string

	wanted func(name string) bool // which families are kept as samples, too; nil: none
	keeps  bool                   // whether the family is one of them
	kept   []Sample

	text     []byte        // lines that the compressor has not been given
	deflate  *flate.Writer // nil: the text is thrown away
	out      bytes.Buffer  // compressed segments, one after the other
	current  segment
	segments []segment
}

// Begin says that the samples that follow belong to f. A family may begin once
// in an Encode; if no sample follows, nothing of it will be shown. f is kept.
// Begin panics when f has begun before or is not valid.
func (w *Writer) Begin(f *Family) {
	w.end()
	if w.begun[f.Name] {
		panic(fmt.Sprintf("metric %s: begun twice for one cluster", f.Name))
	}
	if err := f.Validate(); err != nil {
		panic(err)
	}
	w.begun[f.Name] = true
	w.family = f
	w.keeps = w.wanted != nil && w.wanted(f.Name)
	w.current = segment{family: f}
	open := f.Name + "{" + ClusterLabel + `="` + w.cluster + `"`
	w.before = w.before[:0]
	for _, label := range f.Labels {
		w.before = append(w.before, open+","+label+`="`)
		open = `"`
	}
	w.before = append(w.before, open+"} ")
	w.clean = append(w.clean[:0], make([]string, len(f.Labels))...)
	if w.deflate != nil {
		w.deflate.Reset(&w.out)
	}
}

// Int writes one sample. The label values stand in the order of the family's
// Labels and may hold any bytes. Int panics when their number does not match.
func (w *Writer) Int(v int64, labelValues ...string) {
	w.endLine(strconv.AppendInt(w.line(labelValues), v, 10))
	w.keep(float64(v), labelValues)
}

// Float is Int for a value that may be a fraction. NaN and the infinities are
// written as such: what is not known is to be left out by the caller.
func (w *Writer) Float(v float64, labelValues ...string) {
	w.endLine(appendFloat(w.line(labelValues), v))
	w.keep(v, labelValues)
}

// Bool is Int with 1 for true and 0 for false.
func (w *Writer) Bool(v bool, labelValues ...string) {
	digit := byte('0')
	if v {
		digit = '1'
	}
	w.endLine(append(w.line(labelValues), digit))
	w.keep(float64(digit-'0'), labelValues)
}

// line returns the text with a new line begun, all but its value.
func (w *Writer) line(values []string) []byte {
	if len(values)+1 != len(w.before) {
		w.mismatch(len(values))
	}
	b := w.text
	for i, v := range values {
		b = append(b, w.before[i]...)
		switch {
		case v == w.clean[i]: // the same string: no byte of it is looked at
			b = append(b, v...)
		case isClean(v):
			w.clean[i] = v
			b = append(b, v...)
		default:
			b = appendSanitized(b, v)
		}
	}
	return append(b, w.before[len(values)]...)
}

func (w *Writer) endLine(b []byte) {
	b = append(b, '\n')
	w.text = b
	w.current.series++
	if len(w.text) >= chunkSize {
		w.drain()
	}
}

func (w *Writer) mismatch(got int) {
	if w.family == nil {
		panic("metrics: a sample before the first Begin")
	}
	panic(fmt.Sprintf("metric %s: %d label values for the labels %q", w.family.Name, got, w.family.Labels))
}

// drain gives the gathered text to the compressor. A write into memory does not
// fail; should it ever, the panic becomes the error of Encode.
func (w *Writer) drain() {
	w.current.crc = crc32.Update(w.current.crc, crc32.IEEETable, w.text)
	w.current.plain += len(w.text)
	if w.deflate != nil {
		if _, err := w.deflate.Write(w.text); err != nil {
			panic(err)
		}
	}
	w.text = w.text[:0]
}

// end closes the segment of the family that was begun last.
func (w *Writer) end() {
	if w.current.series == 0 {
		return
	}
	w.drain()
	if w.deflate != nil {
		if err := w.deflate.Flush(); err != nil {
			panic(err)
		}
	}
	w.current.shift = shiftCRC(w.current.plain)
	w.current.end = w.out.Len()
	w.segments = append(w.segments, w.current)
	w.current = segment{}
}

// reset forgets all but the buffers.
func (w *Writer) reset(cluster string) {
	w.cluster = string(appendSanitized(nil, cluster))
	w.family = nil
	w.keeps, w.kept = false, nil
	clear(w.begun)
	w.before = w.before[:0]
	w.text = w.text[:0]
	w.out.Reset()
	w.current = segment{}
	clear(w.segments)
	w.segments = w.segments[:0]
}
