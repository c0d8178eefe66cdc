//go:build cluster

package acceptance

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/evenkeel/evenkeel/testbed"
)

// tab is a page in a real browser.
type tab struct {
	t    *testing.T
	name string
	ctx  context.Context

	mu         sync.Mutex
	complaints []string // what the browser found fault with
}

// startBrowser starts Chromium until the end of the test. Its tabs are opened in the context
// that it returns.
func startBrowser(ctx context.Context, t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	must(t, err)
	options := slices.Clone(chromedp.DefaultExecAllocatorOptions[:])
	options = append(options, chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()), chromedp.WSURLReadTimeout(time.Minute))
	ctx, cancel := chromedp.NewExecAllocator(context.WithoutCancel(ctx), options...)
	t.Cleanup(cancel)
	ctx, _ = chromedp.NewContext(ctx)
	must(t, chromedp.Do(ctx))
	t.Cleanup(func() { must(t, chromedp.Cancel(ctx)) }) // waits until it has ended
	return ctx
}

// openTab opens an address in a tab of this width, with or without JavaScript.
func openTab(browser context.Context, t *testing.T, name, url string, width int64, scripts bool) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	must(t, chromedp.Do(ctx)) // opens it; a deadline of this call would be the tab's
	b := &tab{t: t, name: name, ctx: ctx}
	b.do(
		command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !scripts}),
		command(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 900, DeviceScaleFactor: 1, Mobile: width < 600}),
	)
	go func() {
		for m, err := range chromedp.Console(ctx) {
			if err != nil {
				return // the tab is closed
			}
			if m.Type == "error" || m.IsException() {
				b.mu.Lock()
				b.complaints = append(b.complaints, m.String()+" "+m.URL)
				b.mu.Unlock()
			}
		}
	}()
	b.do(chromedp.Navigate(url))
	return b
}

// command is an action that sends a command without an answer.
func command[P any](c cdp.Command[P, cdp.Empty], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatalf("%s: %v", b.name, err)
	}
}

// ask evaluates an expression in a tab.
func ask[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", b.name, err)
	}
	return v
}

// text is what a person sees.
func (b *tab) text() (string, error) {
	ctx, cancel := context.WithTimeout(b.ctx, 10*time.Second)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Text(chromedp.CSS("body")))
}

// sees waits until the page, which nobody reloads, says all of these; after ! what it must
// not say.
func (b *tab) sees(limit time.Duration, want ...string) {
	b.t.Helper()
	deadline := time.Now().Add(limit)
	for {
		text, err := b.text()
		for _, w := range want {
			if unwanted, no := strings.CutPrefix(w, "!"); no && strings.Contains(text, unwanted) {
				err = errors.Join(err, fmt.Errorf("it says %q", unwanted))
			} else if !no && !strings.Contains(text, w) {
				err = errors.Join(err, fmt.Errorf("it does not say %q", w))
			}
		}
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("%s: not within %v: %v\n%s", b.name, limit, err, text)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// dark switches to the colours of the night and back.
func (b *tab) dark(on bool) {
	b.t.Helper()
	scheme := "light"
	if on {
		scheme = "dark"
	}
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
	b.do(command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}))
}

// fits demands that nobody has to scroll sideways to read.
func (b *tab) fits() {
	b.t.Helper()
	wide, seen := ask[int](b, "document.documentElement.scrollWidth"), ask[int](b, "document.documentElement.clientWidth")
	if wide > seen {
		b.t.Errorf("%s: the page is %d wide, and %d are seen", b.name, wide, seen)
	}
}

// accessible has axe judge the page.
func (b *tab) accessible(axe string) {
	b.t.Helper()
	ask[int](b, axe+";1")
	found := ask[string](b, `axe.run().then((r) => JSON.stringify({passes: r.passes.length,
		violations: r.violations.map((v) => v.id + ': ' + v.help + ': ' + v.nodes.map((n) => n.html + ' ' + n.failureSummary).join(' '))}))`)
	var judged struct {
		Passes     int
		Violations []string
	}
	must(b.t, json.Unmarshal([]byte(found), &judged))
	if judged.Passes < 15 {
		b.t.Errorf("%s: axe looked at %d rules only", b.name, judged.Passes)
	}
	for _, v := range judged.Violations {
		b.t.Errorf("%s: %s", b.name, v)
	}
}

// shoot takes a picture of what is seen; of docs/images where WRITE_DOCS asks for it.
func (b *tab) shoot(name string) {
	b.t.Helper()
	ask[int](b, "scrollTo(0, 0); 1")
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	must(b.t, err)
	if len(picture) < 10_000 {
		b.t.Errorf("%s: a picture of %d bytes", name, len(picture))
	}
	if os.Getenv("WRITE_DOCS") != "" {
		must(b.t, os.MkdirAll("../docs/images", 0o755))
		must(b.t, os.WriteFile(filepath.Join("../docs/images", name+".png"), picture, 0o644))
	}
}

// content demands that the browser found no fault: nothing was refused or missing.
func (b *tab) content() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.complaints {
		b.t.Errorf("%s: the browser says: %s", b.name, c)
	}
}

// axeScript returns axe.min.js.
func axeScript(ctx context.Context, t *testing.T) string {
	t.Helper()
	dir, err := testbed.Fetch(ctx, testbed.AxeJars, nil)
	must(t, err)
	jars, err := filepath.Glob(filepath.Join(dir, "*.jar"))
	must(t, err)
	if len(jars) != 1 {
		t.Fatal(jars)
	}
	jar, err := zip.OpenReader(jars[0])
	must(t, err)
	defer jar.Close()
	file, err := jar.Open("axe.min.js")
	must(t, err)
	defer file.Close()
	script, err := io.ReadAll(file)
	must(t, err)
	return string(script)
}
