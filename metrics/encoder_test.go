package metrics

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func TestPanicInEmitIsAnError(t *testing.T) {
	encoder := NewEncoder()
	part, err := encoder.Encode("prod", func(w *Writer) {
		emitSmall(w)
		panic("index out of range")
	})
	var panicked *PanicError
	if !errors.As(err, &panicked) || !strings.Contains(string(panicked.Stack), "TestPanicInEmitIsAnError") {
		t.Fatalf("error %v, want a PanicError with the stack", err)
	}
	for _, want := range []string{`cluster "prod"`, "index out of range"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
	if part.Series() != 0 {
		t.Errorf("the part has %d series, want none", part.Series())
	}

	_, err = encoder.Encode("prod", func(*Writer) { panic(io.ErrUnexpectedEOF) })
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v does not wrap what was passed to panic", err)
	}

	part, err = encoder.Encode("prod", emitSmall)
	if err != nil {
		t.Fatal(err)
	}
	if got := render(t, NewPage(order, part), Text, ""); got != smallText {
		t.Errorf("after a panic the encoder writes:\n%s", got)
	}
}

func TestMisuseIsAnError(t *testing.T) {
	for want, emit := range map[string]func(*Writer){
		"1 label values for the labels":       func(w *Writer) { w.Begin(leader); w.Int(1, "t") },
		"3 label values for the labels":       func(w *Writer) { w.Begin(leader); w.Float(1, "t", "0", "x") },
		"0 label values for the labels":       func(w *Writer) { w.Begin(shrinks); w.Bool(true) },
		"a sample before the first Begin":     func(w *Writer) { w.Int(1) },
		"kafka_brokers: begun twice":          func(w *Writer) { w.Begin(brokers); w.Begin(leader); w.Begin(brokers) },
		"kafka_isr_shrinks: the name":         func(w *Writer) { w.Begin(&Family{Name: "kafka_isr_shrinks", Type: Counter}) },
		`metric "9lives": not a valid name`:   func(w *Writer) { w.Begin(&Family{Name: "9lives"}) },
		`metric "": not a valid name`:         func(w *Writer) { w.Begin(&Family{}) },
		"metric x: unknown type 9":            func(w *Writer) { w.Begin(&Family{Name: "x", Type: 9}) },
		`label "a:b" is not a valid name`:     func(w *Writer) { w.Begin(&Family{Name: "x", Labels: []string{"a:b"}}) },
		`label "__name__" is not a valid`:     func(w *Writer) { w.Begin(&Family{Name: "x", Labels: []string{"__name__"}}) },
		"label kafka_cluster is written":      func(w *Writer) { w.Begin(&Family{Name: "x", Labels: []string{"kafka_cluster"}}) },
		"metric x: label a is declared twice": func(w *Writer) { w.Begin(&Family{Name: "x", Labels: []string{"a", "b", "a"}}) },
	} {
		part, err := NewEncoder().Encode("prod", emit)
		if err == nil || !strings.Contains(err.Error(), want) || part.Series() != 0 {
			t.Errorf("error %v and %d series, want an error that says %q", err, part.Series(), want)
		}
	}
}

func TestEncoderForgetsTheCallBefore(t *testing.T) {
	encoder := NewEncoder()
	large, err := encoder.Encode("large", emitLarge)
	if err != nil {
		t.Fatal(err)
	}
	before := render(t, NewPage(order, large), Text, "")
	small, err := encoder.Encode("prod", emitSmall)
	if err != nil {
		t.Fatal(err)
	}
	if got := render(t, NewPage(order, small), Text, ""); got != smallText {
		t.Errorf("the second part reads:\n%s", got)
	}
	if got := render(t, NewPage(order, large), Text, ""); got != before {
		t.Error("the second Encode changed the part of the first")
	}
	if _, err := encoder.Encode("prod", func(w *Writer) { w.Int(1) }); err == nil {
		t.Error("a sample before Begin went to the family of the call before")
	}
}

// TestSamplesDoNotAllocate holds the price of a sample down: label values are
// variadic, and would cost an allocation each if they escaped.
func TestSamplesDoNotAllocate(t *testing.T) {
	encoder := NewEncoder()
	emitOf := func(samples int) func(*Writer) {
		return func(w *Writer) {
			w.Begin(leader)
			for p := range samples {
				w.Int(int64(p), "topic", Itoa(p))
				w.Float(float64(p)/3, "topic", Itoa(p))
				w.Bool(p%2 == 0, "topic", Itoa(p))
			}
		}
	}
	allocations := func(samples int) float64 {
		emit := emitOf(samples)
		return testing.AllocsPerRun(10, func() {
			if _, err := encoder.Encode("prod", emit); err != nil {
				t.Fatal(err)
			}
		})
	}
	if few, many := allocations(10), allocations(4000); many > few+5 {
		t.Errorf("%v allocations for 30 samples, %v for 12000", few, many)
	}
}

func TestTextOnlyCountsTheSame(t *testing.T) {
	compressed, err := NewEncoder().Encode("prod", emitSmall)
	if err != nil {
		t.Fatal(err)
	}
	counted, err := NewEncoder(TextOnly).Encode("prod", emitSmall)
	if err != nil {
		t.Fatal(err)
	}
	_, want := compressed.Size()
	if kept, plain := counted.Size(); kept != 0 || plain != want || counted.Series() != compressed.Series() {
		t.Errorf("kept %d of %d bytes, %d series; want 0 of %d, %d", kept, plain, counted.Series(), want, compressed.Series())
	}
}
