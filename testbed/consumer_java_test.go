package testbed

import (
	"strings"
	"testing"
)

func TestMemberProperties(t *testing.T) {
	for _, test := range []struct {
		kafka   string
		spec    ReaderSpec
		problem string
	}{
		{"0.8.2.2", ReaderSpec{}, "no consumer that a broker coordinates"},
		{"0.9.0.1", ReaderSpec{}, ""},
		{"0.10.2.2", ReaderSpec{ReadCommitted: true}, "no transactions"},
		{"1.1.1", ReaderSpec{ReadCommitted: true}, ""},
		{"1.1.1", ReaderSpec{Partitions: []int32{0, 2}}, ""},
		{"3.9.2", ReaderSpec{Protocol: "classic"}, ""},
		{"3.9.2", ReaderSpec{Protocol: "consumer"}, "no group protocol but the classic one"},
		{"4.4.0", ReaderSpec{Protocol: "classic"}, ""},
		{"4.4.0", ReaderSpec{Protocol: "consumer"}, ""},
		{"4.4.0", ReaderSpec{Protocol: "share"}, "want classic or consumer"},
		{"4.4.0", ReaderSpec{Protocol: "consumer", Partitions: []int32{0}}, "no protocol"},
	} {
		rel, err := findKafka(test.kafka)
		if err != nil {
			t.Fatal(err)
		}
		spec := test.spec
		spec.Group, spec.Topics = "readers", []string{"test"}
		p, err := memberProperties(rel, spec)
		if test.problem != "" {
			if err == nil || !strings.Contains(err.Error(), test.problem) {
				t.Errorf("%s, %+v: %v, want an error with %q", test.kafka, spec, err, test.problem)
			}
			continue
		}
		_, session := p["session.timeout.ms"]
		_, isolation := p["isolation.level"]
		if err != nil || p["group.id"] != "readers" || session != (spec.Protocol != "consumer") || isolation != spec.ReadCommitted {
			t.Errorf("%s, %+v: %v, %v", test.kafka, spec, p, err)
		}
		if want := map[bool]string{true: "0,2"}[len(spec.Partitions) > 0]; p["evenkeel.assign"] != want {
			t.Errorf("%s, %+v assigns %q, want %q", test.kafka, spec, p["evenkeel.assign"], want)
		}
	}
}
