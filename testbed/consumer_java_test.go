package testbed

import (
	"strings"
	"testing"
)

func TestMemberProperties(t *testing.T) {
	for _, test := range []struct{ kafka, protocol, problem string }{
		{"1.1.1", "classic", "too old"},
		{"3.9.2", "classic", ""},
		{"3.9.2", "consumer", "no group protocol but the classic one"},
		{"4.4.0", "classic", ""},
		{"4.4.0", "consumer", ""},
		{"4.4.0", "share", "want classic or consumer"},
	} {
		rel, err := findKafka(test.kafka)
		if err != nil {
			t.Fatal(err)
		}
		p, err := memberProperties(rel, "readers", test.protocol)
		if test.problem != "" {
			if err == nil || !strings.Contains(err.Error(), test.problem) {
				t.Errorf("%s, %s: %v, want an error with %q", test.kafka, test.protocol, err, test.problem)
			}
			continue
		}
		_, session := p["session.timeout.ms"]
		if err != nil || p["group.id"] != "readers" || session != (test.protocol == "classic") {
			t.Errorf("%s, %s: %v, %v", test.kafka, test.protocol, p, err)
		}
	}
}
