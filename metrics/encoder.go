package metrics

import (
	"fmt"
	"runtime/debug"

	"github.com/klauspost/compress/flate"
)

// Encoder turns the samples of one cluster at a time into compressed segments.
// It keeps its buffers (about 1 MB, and the size of the largest Part) between
// calls and is not safe for concurrent use.
type Encoder struct {
	w Writer
}

// Option changes how an Encoder works.
type Option func(*options)

type options struct{ textOnly bool }

// TextOnly makes an Encoder throw its text away as soon as it has made and counted
// it. Its Parts tell their size and can not be served: it is there to measure what
// the text costs without compression.
func TextOnly(o *options) { o.textOnly = true }

// NewEncoder returns an Encoder that compresses at the fastest level.
func NewEncoder(opts ...Option) *Encoder {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	var deflate *flate.Writer
	if !o.textOnly {
		var err error
		if deflate, err = flate.NewWriter(nil, flate.BestSpeed); err != nil {
			panic(err) // the level exists
		}
	}
	return &Encoder{w: Writer{
		begun:   make(map[string]bool),
		text:    make([]byte, 0, chunkSize+4<<10), // and the line that fills it
		deflate: deflate,
	}}
}

// PanicError is what Encode returns in its error when emit panicked.
type PanicError struct {
	Value any    // what was passed to panic
	Stack []byte // of the goroutine that panicked, as debug.Stack tells it
}

// Error returns the value that was passed to panic, without the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the value that was passed to panic if that was an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Encode calls emit with a Writer and returns what it wrote, each line with the
// label kafka_cluster set to cluster. When emit panics the Part is empty, the
// error wraps a *PanicError, and the Encoder can be used again: half of a
// cluster's metrics would look like a cluster that has lost the other half.
func (e *Encoder) Encode(cluster string, emit func(*Writer)) (part Part, err error) {
	e.w.reset(cluster)
	defer func() {
		if v := recover(); v != nil {
			part = Part{}
			err = fmt.Errorf("encode the metrics of cluster %q: %w", cluster, &PanicError{Value: v, Stack: debug.Stack()})
		}
	}()
	emit(&e.w)
	e.w.end()
	return newPart(&e.w), nil
}
