package metrics

import (
	"slices"
	"strings"
)

// Sample is a sample as it was written, without the label kafka_cluster.
type Sample struct {
	Family *Family
	Value  float64
	Labels []string // values in the order of the family's Labels, in valid UTF-8
}

// EncodeKeeping is Encode that also returns the samples of the families that are wanted, in
// a slice that the caller owns; none when it fails.
func (e *Encoder) EncodeKeeping(cluster string, wanted func(name string) bool, emit func(*Writer)) (Part, []Sample, error) {
	e.w.wanted = wanted
	defer func() { e.w.wanted, e.w.kept = nil, nil }()
	part, err := e.Encode(cluster, emit)
	if err != nil {
		return Part{}, nil, err
	}
	return part, e.w.kept, nil
}

func (w *Writer) keep(v float64, values []string) {
	if !w.keeps {
		return
	}
	labels := slices.Clone(values)
	for i, label := range labels {
		labels[i] = strings.ToValidUTF8(label, "\uFFFD") // as it is written
	}
	w.kept = append(w.kept, Sample{Family: w.family, Value: v, Labels: labels})
}
