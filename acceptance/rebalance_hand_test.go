//go:build cluster

package acceptance

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// TestElectByHand has persons elect, pause, resume and exclude, with ZooKeeper and
// without.
func TestElectByHand(t *testing.T) {
	for _, kafka := range []string{"0.9.0.1", "3.9.2", "4.4.0"} {
		t.Run(kafka, func(t *testing.T) {
			t.Parallel()
			electByHand(t, kafka)
		})
	}
}

func electByHand(t *testing.T, kafka string) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	c := testbed.StartT(t, testbed.Spec{Kafka: kafka, Brokers: 3})
	must(t, c.CreateTopic(ctx, "test", forty()))
	p, file := startHeard(t, c)
	elect := func(code int, says string, args ...string) {
		t.Helper()
		got, out, errs := run(t, append([]string{"elect", "--config.file=" + file, "--log.level=error"}, args...)...)
		if got != code || !strings.Contains(out+errs, says) {
			t.Errorf("elect %v: status %d, want %d; it does not say %q:\n%s%s", args, got, code, says, out, errs)
		}
	}
	risk := "--override=unsettled,broker_left,flapping" // brokers that were started by a test have not been watched for long
	elect(0, "below_threshold", risk)
	misplace(ctx, t, c, p)
	p.shows("it could be given back", time.Minute, "evenkeel_rebalance_candidates 40", `evenkeel_rebalance_runs_total{result="dry_run"} 1`)
	if kafka[0] >= '4' { // nobody tells a process that has just started for how long it was whole
		elect(2, "--override=unsettled takes the risk", "--yes")
	}
	elect(0, "40 partitions would be given back", "--dry-run", risk)
	elect(2, "nothing was elected", risk) // nobody answers
	elect(0, "3 restored", "--yes", "--max=3", risk)
	elect(0, "no partition that was asked for", "--yes", "--topic=^other$", risk)
	elect(0, "below_threshold", "--yes", "--broker=1", risk)
	p.say(t, http.StatusOK, "/-/rebalance/exclude?broker=0&for=1h")
	p.shows("broker 0 is given nothing", 30*time.Second, `evenkeel_rebalance_skipped{reason="broker_excluded"} 37`, "evenkeel_rebalance_candidates 0")
	if kafka[0] < '4' { // else it is this evenkeel's own affair
		elect(2, "broker_excluded", "--yes", risk)
	}
	p.say(t, http.StatusOK, "/-/rebalance/exclude?broker=0&for=0s")
	p.say(t, http.StatusOK, "/-/rebalance/pause")
	p.shows("paused", 30*time.Second, `evenkeel_rebalance_blocked{reason="paused"} 1`, "evenkeel_rebalance_candidates 37")
	elect(0, "37 restored", "--yes", risk) // it is a person's word, too
	p.say(t, http.StatusOK, "/-/rebalance/resume")
	p.shows("nothing is left to do", 30*time.Second, "evenkeel_rebalance_candidates 0", `kafka_broker_leader_imbalance_ratio{broker="0"} 0`)
	p.say(t, http.StatusBadRequest, "/-/rebalance/exclude?broker=x&for=1h")
	noElectionLeft(t, c)

	code, out, _ := run(t, "check", "--config.file="+file, "--log.level=error")
	if !strings.Contains(out, "rebalance: in 30 days 1 run would have been made, of 40 partitions") {
		t.Errorf("check, status %d, does not sum up the journal:\n%s", code, out)
	}
}

// startHeard starts an evenkeel in mode dry_run that listens to a person who is known.
func startHeard(t *testing.T, c *testbed.Cluster) (p *program, file string) {
	t.Helper()
	file = keeping(t, c, "mode: dry_run, "+hasty)
	state := filepath.Join(t.TempDir(), "state.json")
	text, err := os.ReadFile(file)
	must(t, err)
	writeConfig(t, file, fmt.Sprintf("%sstate_file: %s\n", text, state))
	const password, hash = "fakepassword", "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"
	web := filepath.Join(t.TempDir(), "web.yml")
	writeConfig(t, web, fmt.Sprintf("basic_auth_users:\n  ann: %s\n", hash))
	p = launch(t, "--config.file="+file, "--web.config.file="+web, "--web.enable-lifecycle")
	p.url = strings.Replace(p.url, "http://", "http://ann:"+password+"@", 1)
	t.Cleanup(p.stop)
	p.awaitListening()
	return p, file
}

// say posts a person's word.
func (p *program) say(t *testing.T, status int, path string) {
	t.Helper()
	res, err := http.Post(p.url+path, "", nil)
	must(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(t, err)
	if res.StatusCode != status {
		t.Errorf("POST %s: %d %s", path, res.StatusCode, body)
	}
}
