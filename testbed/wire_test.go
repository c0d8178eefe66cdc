package testbed

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// deadline is generous: no test waits for it to pass.
const deadline = 20 * time.Second

// silence is how long a test listens for what must not come. A busy machine can
// only make such a test pass that should fail.
const silence = 50 * time.Millisecond

// startEcho listens where every line is sent back. It is the first thing to be
// started, and when it is closed nothing may be left.
func startEcho(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = l.Close()
		verifyNoLeak(t)
	})
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn)
			}()
		}
	}()
	return l.Addr().String()
}

func newWire(t *testing.T, target string) *Wire {
	t.Helper()
	w, err := NewWire(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// caller is a client that speaks in lines.
type caller struct {
	*net.TCPConn
	in *bufio.Reader
}

func call(t *testing.T, w *Wire) caller {
	t.Helper()
	conn, err := net.DialTimeout("tcp", w.Addr(), deadline)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return caller{conn.(*net.TCPConn), bufio.NewReader(conn)}
}

func (c caller) say(t *testing.T, line string) {
	t.Helper()
	if _, err := io.WriteString(c, line+"\n"); err != nil {
		t.Fatal(err)
	}
}

// hear reads a line within d.
func (c caller) hear(d time.Duration) (string, error) {
	_ = c.SetReadDeadline(time.Now().Add(d))
	line, err := c.in.ReadString('\n')
	return line, err
}

func (c caller) wantEcho(t *testing.T, line string) {
	t.Helper()
	if got, err := c.hear(deadline); err != nil || got != line+"\n" {
		t.Fatalf("heard %q, %v; want %q", got, err, line)
	}
}

func (c caller) wantSilence(t *testing.T) {
	t.Helper()
	if got, err := c.hear(silence); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("heard %q, %v; want nothing", got, err)
	}
}

func (c caller) wantReset(t *testing.T) {
	t.Helper()
	if got, err := c.hear(deadline); !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("heard %q, %v; want a reset", got, err)
	}
}

func TestWireCarries(t *testing.T) {
	w := newWire(t, startEcho(t))
	c := call(t, w)
	c.say(t, "one")
	c.wantEcho(t, "one")
	// The end of one direction leaves the other open.
	c.say(t, "two")
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	c.wantEcho(t, "two")
	if got, err := c.hear(deadline); !errors.Is(err, io.EOF) {
		t.Errorf("heard %q, %v; want the end", got, err)
	}
}

func TestWireCut(t *testing.T) {
	w := newWire(t, startEcho(t))
	before, closing := call(t, w), call(t, w)
	for _, c := range []caller{before, closing} {
		c.say(t, "before")
		c.wantEcho(t, "before")
	}
	w.Cut()
	during := call(t, w)
	before.say(t, "lost")
	during.say(t, "early")
	if err := closing.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []caller{before, during, closing} {
		c.wantSilence(t)
	}
	w.Mend()
	before.wantEcho(t, "lost")
	during.wantEcho(t, "early")
	if got, err := closing.hear(deadline); !errors.Is(err, io.EOF) {
		t.Errorf("heard %q, %v; want the end", got, err)
	}
}

func TestWireRefuse(t *testing.T) {
	w := newWire(t, startEcho(t))
	c := call(t, w)
	c.say(t, "before")
	c.wantEcho(t, "before")
	for range 20 { // the port comes back every time
		w.Refuse()
		if conn, err := net.DialTimeout("tcp", w.Addr(), deadline); !errors.Is(err, syscall.ECONNREFUSED) {
			if err == nil {
				_ = conn.Close()
			}
			t.Fatalf("connecting gave %v, want a refusal", err)
		}
		w.Mend()
		after := call(t, w)
		after.say(t, "after")
		after.wantEcho(t, "after")
	}
	c.wantReset(t)
	w.Refuse()
	w.Cut() // takes the refusal's place
	silent := call(t, w)
	silent.say(t, "hello")
	silent.wantSilence(t)
	w.Refuse()
	silent.wantReset(t)
}

func TestWireHoldsItsPort(t *testing.T) {
	w := newWire(t, startEcho(t))
	w.Refuse()
	if l, err := net.Listen("tcp", w.Addr()); err == nil {
		_ = l.Close()
		t.Error("somebody else gets the port")
	}
}

func TestWireReset(t *testing.T) {
	w := newWire(t, startEcho(t))
	c := call(t, w)
	c.say(t, "before")
	c.wantEcho(t, "before")
	w.Reset()
	c.wantReset(t)
	again := call(t, w)
	again.say(t, "again")
	again.wantEcho(t, "again")
}

func TestWireDelay(t *testing.T) {
	const delay = 300 * time.Millisecond
	w := newWire(t, startEcho(t))
	c := call(t, w)
	c.say(t, "before")
	c.wantEcho(t, "before")
	w.Delay(delay)
	start := time.Now()
	lines := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	for _, line := range lines {
		c.say(t, line)
		time.Sleep(time.Millisecond) // parcels of their own
	}
	for i, line := range lines {
		c.wantEcho(t, line)
		if took := time.Since(start); i == 0 && took < delay {
			t.Errorf("the first line came after %v", took)
		}
	}
	w.Delay(time.Hour)
	c.say(t, "held")
	c.wantSilence(t)
	w.Delay(0)
	c.wantEcho(t, "held")
}

func TestWireTrickle(t *testing.T) {
	w := newWire(t, startEcho(t))
	c := call(t, w)
	w.Trickle(1000)
	start := time.Now()
	c.say(t, string(bytes.Repeat([]byte{'x'}, 400)))
	if line, err := c.hear(deadline); err != nil || len(line) != 401 {
		t.Fatalf("heard %d bytes, %v", len(line), err)
	}
	if took := time.Since(start); took < 300*time.Millisecond {
		t.Errorf("401 bytes took %v at 1000 bytes a second", took)
	}
	w.Trickle(1)
	c.say(t, "slow")
	first, err := c.hear(silence)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("heard %q, %v; want less than a line", first, err)
	}
	w.Mend()
	if rest, err := c.hear(deadline); err != nil || first+rest != "slow\n" {
		t.Errorf("heard %q and %q, %v", first, rest, err)
	}
}

func TestWireWithoutTarget(t *testing.T) {
	target := newWire(t, startEcho(t))
	w := newWire(t, target.Addr())
	target.Refuse()
	// The reset may come before the connecting has returned.
	if conn, err := net.DialTimeout("tcp", w.Addr(), deadline); err == nil {
		_, err = conn.Read(make([]byte, 1))
		_ = conn.Close()
		if !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("got %v, want a reset", err)
		}
	} else if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("connecting gave %v, want a reset", err)
	}
	target.Mend()
	c := call(t, w)
	c.say(t, "there")
	c.wantEcho(t, "there")
}

func TestWireClosed(t *testing.T) {
	w := newWire(t, startEcho(t))
	c := call(t, w)
	w.Cut()
	c.say(t, "held")
	w.Close()
	c.wantReset(t)
	w.Mend()
	w.Close()
	if conn, err := net.DialTimeout("tcp", w.Addr(), deadline); err == nil {
		_ = conn.Close()
		t.Error("a closed wire takes connections")
	}
}
