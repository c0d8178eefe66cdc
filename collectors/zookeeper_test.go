package collectors

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/metrics"
)

// TestEveryServerStatHasAFamily holds the statistics that are kept of a server
// against those that are shown.
func TestEveryServerStatHasAFamily(t *testing.T) {
	var shown []string
	for _, f := range zkStats {
		shown = append(shown, f.Name)
	}
	if !slices.Equal(slices.Sorted(slices.Values(shown)), slices.Sorted(slices.Values(cluster.ServerStats))) {
		t.Errorf("shown are %v, kept %v", shown, cluster.ServerStats)
	}
}

// TestMoreThanTheDeclaredStats has a server tell what is declared nowhere, and what
// is declared as something else.
func TestMoreThanTheDeclaredStats(t *testing.T) {
	e := &cluster.Ensemble{Servers: []cluster.Server{
		{Name: "zk1:2181", Mode: cluster.ModeLeader, More: map[string]float64{"zk_b": 2.5, "zk_a": 1, "zk_up": 0, "zk_mode_changes": 3}},
		{Name: "zk2:2181", Mode: cluster.ModeFollower, More: map[string]float64{"zk_b": 7}},
	}}
	view := &View{Snapshot: &cluster.Snapshot{Cluster: "c", Ensemble: e}}
	part, err := metrics.NewEncoder().Encode("c", func(w *metrics.Writer) { emitZooKeeper(view, w) })
	if err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	order := append(Families(), MoreFamilies(e)...)
	if err := metrics.NewPage(order, part).WriteTo(&page, metrics.OpenMetrics, false, []byte("# EOF\n")); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"# TYPE zk_a unknown",
		`zk_a{kafka_cluster="c",zk_server="zk1:2181"} 1`,
		`zk_b{kafka_cluster="c",zk_server="zk1:2181"} 2.5`,
		`zk_b{kafka_cluster="c",zk_server="zk2:2181"} 7`,
		`zk_up{kafka_cluster="c",zk_server="zk1:2181"} 0`,
	} {
		if n := strings.Count(page.String(), line+"\n"); n != 1 {
			t.Errorf("%q stands there %d times", line, n)
		}
	}
	if strings.Contains(page.String(), "} 3\n") {
		t.Error("a server's word stands for a counter of ours")
	}
	e.Servers[0].More, e.Servers[1].More = nil, nil
	if families := MoreFamilies(e); len(families) > 0 || len(MoreFamilies(nil)) > 0 {
		t.Errorf("%d families where none is wanted", len(families))
	}
}
