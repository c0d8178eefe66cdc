//go:build cluster

package acceptance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// pager is where an Alertmanager's notifications arrive.
type pager struct {
	*httptest.Server
	mu  sync.Mutex
	got []notified
}

// notified is one alert of a notification.
type notified struct {
	at            time.Time
	status, alert string // of the alert, such as firing and KafkaBrokerDown/warning
	startsAt      time.Time
}

func newPager(t *testing.T) *pager {
	p := &pager{}
	p.Server = httptest.NewServer(http.HandlerFunc(p.take))
	t.Cleanup(p.Close)
	return p
}

func (p *pager) take(w http.ResponseWriter, r *http.Request) {
	var n struct {
		Alerts []struct {
			Status   string
			Labels   map[string]string
			StartsAt time.Time
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&n); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range n.Alerts {
		p.got = append(p.got, notified{time.Now(), a.Status, a.Labels["alertname"] + "/" + a.Labels["severity"], a.StartsAt})
	}
}

// since returns what was notified of a status from a time on, each alert once. The watchdog
// is left out.
func (p *pager) since(mark time.Time, status string) (names []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, n := range p.got {
		if n.status == status && n.at.After(mark) && n.alert != "EvenkeelWatchdog/none" && !slices.Contains(names, n.alert) {
			names = append(names, n.alert)
		}
	}
	slices.Sort(names)
	return names
}

// times counts the notifications of an alert from a time on; each start of it once where
// starts says so.
func (p *pager) times(mark time.Time, status, alert string) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range p.got {
		if one.status == status && one.at.After(mark) && one.alert == alert {
			n++
		}
	}
	return n
}

// service is a real process beside evenkeel that can be killed and started again.
type service struct {
	t    *testing.T
	name string
	argv []string
	url  string
	cmd  *exec.Cmd
	log  *logBuffer
}

func (s *service) start() {
	s.t.Helper()
	s.cmd = exec.Command(s.argv[0], s.argv[1:]...)
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(s.t, s.cmd.Start())
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		res, err := http.Get(s.url + "/-/ready")
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s is not ready within 30 s (%v):\n%s", s.name, err, s.log)
		}
	}
}

func (s *service) kill() {
	s.t.Helper()
	must(s.t, s.cmd.Process.Kill())
	_ = s.cmd.Wait() // it was killed
	s.cmd = nil
}

func newService(t *testing.T, name, address string, argv ...string) *service {
	t.Helper()
	if _, err := exec.LookPath(argv[0]); err != nil {
		t.Fatalf("%v: make setup installs it", err)
	}
	s := &service{t: t, name: name, argv: argv, url: "http://" + address, log: &logBuffer{}}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s's log:\n%s", name, s.log)
		}
		if s.cmd != nil {
			s.kill()
		}
	})
	s.start()
	return s
}

// startAlertmanager runs an Alertmanager with the routes and the inhibition of deploy/,
// that tells a pager, and without delay.
func startAlertmanager(t *testing.T, p *pager) *service {
	t.Helper()
	example, err := os.ReadFile("../deploy/alertmanager.yml")
	must(t, err)
	text := regexp.MustCompile(`(group_wait|group_interval): .*`).ReplaceAllString(string(example), "$1: 500ms")
	text = regexp.MustCompile(`url: http.*`).ReplaceAllString(text, "url: "+p.URL)
	dir := t.TempDir()
	file := filepath.Join(dir, "alertmanager.yml")
	writeConfig(t, file, text)
	address := freeAddress(t)
	return newService(t, "Alertmanager", address, "prometheus-alertmanager", "--config.file="+file, "--storage.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--cluster.listen-address=")
}

// startPrometheus runs a Prometheus server that scrapes evenkeel and evaluates rules.
func startPrometheus(t *testing.T, target, alertmanager, every string, rules []string) *service {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "prometheus.yml")
	host := func(url string) string { return strings.TrimPrefix(url, "http://") }
	writeConfig(t, file, fmt.Sprintf(`global: {scrape_interval: %[1]s, scrape_timeout: %[1]s, evaluation_interval: %[1]s}
rule_files: ["%[2]s"]
scrape_configs: [{job_name: evenkeel, static_configs: [{targets: ["%[3]s"]}]}]
alerting: {alertmanagers: [{static_configs: [{targets: ["%[4]s"]}]}]}
`, every, strings.Join(rules, `", "`), host(target), host(alertmanager)))
	address := freeAddress(t)
	return newService(t, "Prometheus", address, "prometheus", "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--rules.alert.resend-delay=5s")
}
