//go:build linux

package main

import (
	"slices"
	"strings"
	"testing"
)

func TestParseExporters(t *testing.T) {
	list := " one=/bin/one --server={broker} --listen={listen} ; two=BROKERS={brokers} PORT={port} /bin/two --zk={zookeeper};"
	exporters, err := parseExporters(list)
	if err != nil || len(exporters) != 2 {
		t.Fatalf("%v, %v", exporters, err)
	}
	brokers := []string{"127.0.0.1:1", "127.0.0.1:2"}
	for i, want := range []struct {
		name    string
		program int
		words   []string
	}{
		{"one", 0, []string{"/bin/one", "--server=127.0.0.1:1", "--listen=127.0.0.1:9"}},
		{"two", 2, []string{"BROKERS=127.0.0.1:1,127.0.0.1:2", "PORT=9", "/bin/two", "--zk=127.0.0.1:3"}},
	} {
		e := exporters[i]
		words := e.fill(brokers, "127.0.0.1:3", "127.0.0.1:9")
		if e.name != want.name || e.program() != want.program || !slices.Equal(words, want.words) {
			t.Errorf("%s: program %d of %q", e.name, e.program(), words)
		}
	}
	if none, err := parseExporters(""); err != nil || len(none) != 0 {
		t.Errorf("an empty list: %v, %v", none, err)
	}
	for _, broken := range []string{"one", "one=", "one=A={listen}", "one=/bin/one", "o|ne=/bin/one {listen}"} {
		if got, err := parseExporters(broken); err == nil || !strings.Contains(err.Error(), broken[:3]) {
			t.Errorf("%s: %v, %v", broken, got, err)
		}
	}
}
