//go:build cluster

package acceptance

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/evenkeel/evenkeel/testbed"
)

// lookers are browsers that look at one page throughout.
type lookers struct {
	t     *testing.T
	axe   string
	wide  *tab // with JavaScript
	phone *tab // with JavaScript, 360 pixels wide
	plain *tab // without JavaScript
}

func look(ctx context.Context, t *testing.T, url string) *lookers {
	t.Helper()
	browser := startBrowser(ctx, t)
	return &lookers{
		t: t, axe: axeScript(ctx, t),
		wide:  openTab(browser, t, "wide", url, 1200, true),
		phone: openTab(browser, t, "phone", url, 360, true),
		plain: openTab(browser, t, "without JavaScript", url, 1200, false),
	}
}

// see waits until each of them sees all of these, and judges how they see it.
func (l *lookers) see(what string, want ...string) {
	l.t.Helper()
	for _, b := range []*tab{l.wide, l.phone, l.plain} {
		b.sees(2*time.Minute, want...)
	}
	l.phone.fits()
	for _, dark := range []bool{true, false} {
		l.wide.dark(dark)
		l.wide.accessible(l.axe)
	}
	l.phone.accessible(l.axe)
	l.wide.shoot(what)
	l.phone.shoot(what + "-phone")
}

// TestPage plays the whole story to people who look at the status page and do not reload it.
func TestPage(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	c := busy(ctx, t, map[string]string{"auto.leader.rebalance.enable": "false", "min.insync.replicas": "2"}, [][]int32{{0, 1, 2}, {1, 2, 0}, {2, 0, 1}, {0, 2, 1}})
	file := filepath.Join(t.TempDir(), "evenkeel.yml")
	writeConfig(t, file, fmt.Sprintf(`clusters:
  - name: prod
    zookeeper: {servers: [%s]}
    poll: {interval: 1s, timeout: 1s}
    rebalance: {mode: auto, persist_for: 20s, settle: 30s, broker_left: 1s, cooldown: 1s, max_registrations_per_hour: 60}
alerts: {evaluate: true}
`, c.ZooKeeperConnect()))
	p := start(t, "--config.file="+file)
	p.shows("the group is followed", time.Minute, statusOf("readers", "ok"))
	l := look(ctx, t, p.url+"/")

	l.see("page-healthy", "prod healthy", "All is in order.", "quorum: yes", "KafkaBrokerRecentlyRestarted", "There is nothing that would be elected.", "readers")
	if n := ask[int](l.wide, "document.querySelectorAll('.plot canvas').length"); n != 6 {
		t.Errorf("%d charts are drawn, want 6", n)
	}
	if n := strings.Count(ask[string](l.wide, "document.getElementById('brokers').innerText"), "yes"); n != 3 {
		t.Errorf("%d of 3 brokers may be restarted", n)
	}
	keyboard(l.wide)

	must(t, c.Broker(0).Kill())
	l.see("page-lost", "prod warning", "broker 0 is not registered: for the cluster it is down. Broker 0 lost ", "partitions led elsewhere.",
		"Not in order", "would be under min ISR", "KafkaBrokerDown")
	runbook(l.wide, "KafkaBrokerDown")
	// Whoever unfolds something finds it unfolded when the page is newer.
	ask[int](l.wide, "document.querySelector('#guards summary').click(); 1")
	must(t, c.Broker(0).Start(ctx))
	l.see("page-back", "Broker 0 lost ", ", back ", ", in the ISR again ", "led elsewhere; election in ", "unless paused.")
	if !ask[bool](l.wide, "document.getElementById('guards').open") {
		t.Error("what was unfolded is folded again")
	}
	l.see("page-balanced", "prod healthy", "All is in order.", "it leads its partitions again since ", "success", "over after ")

	must(t, c.ZooKeeper(1).Kill())
	must(t, c.ZooKeeper(2).Kill())
	l.see("page-no-quorum", "prod critical", "ZooKeeper has no quorum", "Unknown: the partitions could not be read", "quorum: no", "That did not get all, within a day")
	if text := ask[string](l.wide, "document.getElementById('brokers').innerText"); strings.Contains(text, "yes") {
		t.Errorf("brokers may be restarted, of which nothing is known:\n%s", text)
	}
	for _, b := range []*tab{l.wide, l.phone, l.plain} {
		b.content()
	}

	must(t, p.cmd.Process.Signal(syscall.SIGSTOP))
	l.wide.sees(time.Minute, "evenkeel does not answer since ", "what stands below is old")
	must(t, p.cmd.Process.Signal(syscall.SIGCONT))
	l.wide.sees(time.Minute, "ZooKeeper has no quorum", "!does not answer since")
}

// keyboard goes from one thing that can be reached to the next, and demands that it is seen
// where one is.
func keyboard(b *tab) {
	b.t.Helper()
	reached := map[string]bool{}
	for range 40 {
		b.do(chromedp.KeyEvent("\t"))
		name := ask[string](b, "document.activeElement.getAttribute('aria-label') || document.activeElement.innerText || ''")
		if outline := ask[string](b, "getComputedStyle(document.activeElement).outlineStyle"); name != "" && document(b) && outline == "none" {
			b.t.Errorf("it is not seen that %q is reached", name)
		}
		reached[name] = true
	}
	for _, want := range []string{"metrics", "table of brokers", "What each guard says", "table of consumer groups"} {
		if !reached[want] {
			b.t.Errorf("%q is not reached with the keyboard: %v", want, reached)
		}
	}
}

// document says whether the focus is on something within the page.
func document(b *tab) bool { return ask[bool](b, "document.activeElement !== document.body") }

// runbook follows the link of the trouble.
func runbook(b *tab, name string) {
	b.t.Helper()
	text := ask[string](b, fmt.Sprintf("fetch(document.querySelector('.troubles a[href$=%q]').href).then((r) => r.text())", name))
	if !strings.HasPrefix(text, "# "+name) {
		b.t.Errorf("the runbook of %s: %.80q", name, text)
	}
}

// TestPageOfSeveralClusters shows an overview first.
func TestPageOfSeveralClusters(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	c := testbed.StartT(t, testbed.Spec{Kafka: "2.4.1"})
	file := filepath.Join(t.TempDir(), "evenkeel.yml")
	writeConfig(t, file, fmt.Sprintf(`clusters:
  - name: here
    zookeeper: {servers: [%s]}
    poll: {interval: 1s, timeout: 1s}
  - name: away
    kafka: {brokers: [%s]}
    poll: {interval: 1s, timeout: 1s}
`, c.ZooKeeperConnect(), freeAddress(t)))
	p := start(t, "--config.file="+file)
	l := look(ctx, t, p.url+"/")
	l.see("page-overview", "here", "healthy", "2 of 2", "away", "unknown", "evenkeel cannot reach any broker")
	l.wide.do(chromedp.Click(chromedp.CSS(`a[href="clusters/here"]`)))
	l.wide.sees(time.Minute, "All is in order.", "away")
	for _, b := range []*tab{l.wide, l.phone, l.plain} {
		b.content()
	}
}
