//go:build cluster

package acceptance

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// run runs evenkeel to its end.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	cmd := exec.Command(binary, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	_ = cmd.Wait() // the status says it
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

func writeConfig(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestMistakesAreOneLine holds what a mistake on the command line or in the file
// costs: one line that says what is wrong, and the status of the contract.
func TestMistakesAreOneLine(t *testing.T) {
	t.Parallel()
	bad := filepath.Join(t.TempDir(), "bad.yml")
	writeConfig(t, bad, "clusters:\n  - name: a\n    zookeper: {servers: [z:2181]}\n")
	good := filepath.Join(t.TempDir(), "good.yml")
	writeConfig(t, good, "clusters:\n  - name: a\n    zookeeper: {servers: [\"127.0.0.1:1\"]}\n")
	web := filepath.Join(t.TempDir(), "web.yml")
	writeConfig(t, web, "nonsense: 1\n")
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"--zookeeper.servers=z1:2181 --web.config.file=" + web, 2, "--web.config.file: yaml: unmarshal errors: line 1: field nonsense not found"},
		{"--config.file=" + bad, 2, bad + ":3: clusters[0].zookeper: unknown key; allowed here: "},
		{"check --config.file=" + bad, 3, "unknown key"},
		{"config-check " + bad, 2, "unknown key"},
		{"config-check " + good, 0, ""},
		{"--config.file=" + good + " --poll.interval=3s", 2, "--poll.interval together with --config.file"},
		{"--config.file=/nowhere/evenkeel.yml", 2, "/nowhere/evenkeel.yml"},
		{"--zookeeper.servers=z1:no", 2, "--zookeeper.servers"},
		{"--no-such-flag", 2, "no-such-flag"},
		{"", 2, "--kafka.brokers or --zookeeper.servers: one of them is required"},
		{"check --output=xml --zookeeper.servers=z1:2181", 3, `--output: "xml" is neither text nor json`},
		{"--zookeeper.servers=z1:2181 --poll.interval=abc", 2, "--poll.interval: "},
		{"--zookeeper.servers=z1:2181 --poll.interval=5s --poll.timeout=6s", 2, "--poll.timeout: "},
		{"--log.level=debug check --bogus", 3, "bogus"},
		{"check --cluster=b --config.file=" + good, 3, `no cluster "b"`},
		{"--zookeeper.servers=z1:2181 --rebalance.mode=sometimes", 2, "--rebalance.mode"},
	} {
		code, _, stderr := run(t, strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(stderr, c.says) {
			t.Errorf("evenkeel %s: status %d, %q; want status %d and %q", c.args, code, stderr, c.code, c.says)
		}
		if lines := strings.Count(strings.TrimSpace(stderr), "\n"); lines > 0 {
			t.Errorf("evenkeel %s: more than one line: %s", c.args, stderr)
		}
	}
	if code, stdout, _ := run(t, "version"); code != 0 || !strings.Contains(stdout, "evenkeel") {
		t.Errorf("version: status %d, %s", code, stdout)
	}
	if code, stdout, _ := run(t, "--help"); code != 0 || !strings.Contains(stdout, "--zookeeper.servers") {
		t.Errorf("help: status %d, %s", code, stdout)
	}
}

// TestCheckReloadAndState runs `check` against a healthy, a damaged and a dead
// cluster, reloads a running evenkeel in both ways, and restarts it with a state
// file.
func TestCheckReloadAndState(t *testing.T) {
	t.Parallel()
	c := testbed.StartT(t, testbed.Spec{OneJVM: true})
	must(t, c.CreateTopic(t.Context(), "test", assignment))
	flag := "--zookeeper.servers=" + c.ZooKeeperConnect()
	dir := t.TempDir()
	file, state := filepath.Join(dir, "evenkeel.yml"), filepath.Join(dir, "state.json")
	config := func(name string) string {
		return "clusters:\n  - name: " + name + "\n    zookeeper: {servers: [\"" + strings.Join(strings.Split(c.ZooKeeperConnect(), ","), `", "`) + "\"]}\n" +
			"    poll: {interval: 1s, timeout: 1s}\nstate_file: " + state + "\n"
	}

	code, stdout, stderr := run(t, "check", flag)
	if code != 0 || !strings.Contains(stdout, "cluster default: healthy") {
		t.Errorf("check of a healthy cluster: status %d\n%s%s", code, stdout, stderr)
	}

	writeConfig(t, file, config("one"))
	p := start(t, "--config.file="+file, "--web.enable-lifecycle")
	p.shows("polled", 15*time.Second, "kafka_brokers 2", "evenkeel_config_last_reload_successful 1")
	testReload(t, p, file, config)

	must(t, c.Broker(0).Kill())
	p.shows("broker 0 is gone, and its partitions are led by the other", 30*time.Second, `kafka_broker_status{broker="0",status="unregistered"} 1`,
		"kafka_active_controllers 1", "kafka_offline_partitions 0", `kafka_under_replicated_partitions{reason="broker_down"} 2`)
	code, stdout, _ = run(t, "check", flag, "--output=json")
	var report struct{ Verdict string }
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || code != 1 || report.Verdict != "warning" {
		t.Errorf("check of a damaged cluster: status %d, %+v, %v", code, report, err)
	}
	p.stop()
	if content, err := os.ReadFile(state); err != nil || !strings.Contains(string(content), c.Broker(0).Addr()) {
		t.Errorf("the state file does not remember broker 0: %s, %v", content, err)
	}
	again := start(t, "--config.file="+file)
	again.shows("broker 0's address is remembered", 15*time.Second, `kafka_broker_status{broker="0",status="unregistered"} 1`)
	if body, err := again.get("/api/v1/clusters/two"); err != nil || !strings.Contains(body, c.Broker(0).Addr()) {
		t.Errorf("the API does not tell broker 0's address: %s, %v", body, err)
	}

	must(t, c.Stop())
	if code, stdout, _ = run(t, "check", flag); code != 3 || !strings.Contains(stdout, "cluster default: unknown") {
		t.Errorf("check of a dead cluster: status %d\n%s", code, stdout)
	}
}

func testReload(t *testing.T, p *program, file string, config func(string) string) {
	t.Helper()
	reload := func() (int, string) {
		res, err := http.Post(p.url+"/-/reload", "", nil)
		must(t, err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		must(t, err)
		return res.StatusCode, string(body)
	}
	shows := func(cluster string) {
		t.Helper()
		p.await("cluster "+cluster+" is shown, alone", 15*time.Second, func() error {
			text, err := p.get("/metrics")
			if err == nil && (strings.Count(text, "kafka_cluster_reachable{") != 1 || !strings.Contains(text, `kafka_brokers{kafka_cluster="`+cluster+`"} 2`)) {
				return fmt.Errorf("/metrics says:\n%s", text)
			}
			return err
		})
	}
	shows("one")
	writeConfig(t, file, config("one")+"nonsense: 1\n")
	if status, body := reload(); status != http.StatusBadRequest || !strings.Contains(body, "nonsense: unknown key") {
		t.Errorf("reload of a bad file: %d %s", status, body)
	}
	p.shows("the old configuration stays", 5*time.Second, "evenkeel_config_last_reload_successful 0")
	shows("one")
	writeConfig(t, file, config("first"))
	if status, body := reload(); status != http.StatusOK {
		t.Errorf("reload of a good file: %d %s", status, body)
	}
	shows("first")
	writeConfig(t, file, config("two"))
	must(t, p.cmd.Process.Signal(syscall.SIGHUP))
	shows("two")
	p.shows("and that is told", 5*time.Second, "evenkeel_config_last_reload_successful 1")
}
