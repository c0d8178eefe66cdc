package exporter

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/config"
)

func TestCheckCannotTellWhatItCannotReach(t *testing.T) {
	cfg, err := config.Parse("test.yml", []byte(twoClusters))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	opts := CheckOptions{Clusters: []string{"a"}, Out: &out, Logger: slog.New(slog.DiscardHandler)}
	verdict, err := Check(t.Context(), cfg, opts)
	if err != nil || verdict != cluster.Untold {
		t.Errorf("%v, %v, want unknown", verdict, err)
	}
	expect(t, out.String(), "cluster a: unknown\n", "no ZooKeeper server says how it is", "127.0.0.1:1", "unreachable", "\n  groups unknown: ", "!cluster b")
	opts.Clusters = []string{"zzz"}
	if _, err := Check(t.Context(), cfg, opts); err == nil || !strings.Contains(err.Error(), `no cluster "zzz"`) {
		t.Errorf("an unknown cluster: %v", err)
	}
	opts.Clusters, opts.Out = nil, brokenWriter{}
	if _, err := Check(t.Context(), cfg, opts); !errors.Is(err, errBroken) {
		t.Errorf("a report that cannot be written: %v", err)
	}
}

var errBroken = errors.New("broken pipe")

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }
