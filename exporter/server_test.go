package exporter

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/collectors"
	"github.com/evenkeel/evenkeel/metrics"
)

// patience is how long a test waits for what must happen at some time.
const patience = time.Minute

// big is a family of which publishBig makes any number of series.
var big = &metrics.Family{Name: "kafka_topic_partition_big", Help: "Of each partition.", Labels: []string{"topic", "partition"}}

// publishBig gives the watcher a page of at least so many bytes of text.
func publishBig(t testing.TB, w *watcher, size int) {
	t.Helper()
	part, err := metrics.NewEncoder().Encode(w.cfg.Name, func(w *metrics.Writer) {
		w.Begin(big)
		for i := range size / 70 {
			w.Int(int64(uint32(i)*2654435761), "a-topic-of-some-length", metrics.Itoa(i)) // a number like no other
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, plain := part.Size(); plain < size {
		t.Fatalf("a page of %d bytes, want %d", plain, size)
	}
	w.current.Store(&published{
		snapshot: &cluster.Snapshot{Cluster: w.cfg.Name, Finished: time.Now().Add(time.Hour)},
		encoded:  collectors.Encoded{Cluster: []metrics.Part{part}, More: []*metrics.Family{big}},
	})
}

// listening is a server at a real socket.
type listening struct {
	t         *testing.T
	address   string
	under     atomic.Int32 // requests under way
	connected sync.Map     // net.Conn of those that are open
}

// listen serves e until the test ends, with a small buffer in the kernel, so that
// little is under way between the two sides.
func listen(t *testing.T, e *Exporter, limits Limits) *listening {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &listening{t: t, address: l.Addr().String()}
	server := e.Server(limits)
	inner := server.Handler
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.under.Add(1)
		defer s.under.Add(-1)
		inner.ServeHTTP(w, r)
	})
	server.ConnState = func(c net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			s.connected.Store(c, true)
			if err := c.(*net.TCPConn).SetWriteBuffer(64 << 10); err != nil {
				t.Error(err)
			}
		case http.StateClosed:
			s.connected.Delete(c)
		}
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("the server ended: %v", err)
		}
	})
	return s
}

// dial connects, and sends a text.
func (s *listening) dial(text string) net.Conn {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() }) // most are closed by the other side
	if err := conn.SetDeadline(time.Now().Add(2 * patience)); err != nil {
		s.t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		s.t.Fatal(err)
	}
	return conn
}

// await waits until what is said comes true.
func (s *listening) await(what string, check func() bool) {
	s.t.Helper()
	for end := time.Now().Add(patience); !check(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// nobody says that no connection is left.
func (s *listening) nobody() bool {
	left := 0
	s.connected.Range(func(any, any) bool { left++; return true })
	return left == 0
}

// short are limits that a test can wait for.
func short() Limits {
	l := DefaultLimits
	l.Request, l.Idle, l.Answer, l.Rate = 300*time.Millisecond, 300*time.Millisecond, 300*time.Millisecond, 16<<20
	return l
}

// TestSlowRequestsAreEnded holds three ways to keep a connection busy with a request
// that never ends: a head that comes by the byte, a body that does, and silence.
func TestSlowRequestsAreEnded(t *testing.T) {
	e, reloads := counted(t)
	for name, begin := range map[string]string{
		"head":    "GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: ",
		"body":    "POST /-/healthy HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n",
		"silence": "",
		"between": "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := listen(t, e, short())
			conn := s.dial(begin)
			s.await("it is connected", func() bool { return !s.nobody() })
			s.await("it is ended", func() bool {
				if name == "head" || name == "body" {
					_, _ = conn.Write([]byte("x")) // fails once it is ended
				}
				return s.nobody()
			})
		})
	}
	if *reloads != 0 {
		t.Errorf("reloaded %d times", *reloads)
	}
}

// TestSlowReaderIsEnded reads a byte a second of a page, unpacked and packed.
func TestSlowReaderIsEnded(t *testing.T) {
	e, _ := counted(t)
	publishBig(t, e.watchers[0], 4<<20)
	s := listen(t, e, short())
	for _, header := range []string{"", "Accept-Encoding: gzip\r\n"} {
		conn := s.dial("GET /metrics HTTP/1.1\r\nHost: x\r\n" + header + "\r\n")
		s.await("it is being answered", func() bool { return s.under.Load() == 1 })
		stop := make(chan struct{})
		var reader sync.WaitGroup
		reader.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(time.Second):
					_, _ = conn.Read(make([]byte, 1))
				}
			}
		})
		s.await("it is given up", func() bool { return s.under.Load() == 0 && s.nobody() })
		close(stop)
		reader.Wait()
		rest, err := io.ReadAll(conn) // what kernels kept; or a reset, which is as good
		if bytes.HasSuffix(rest, []byte("\r\n0\r\n\r\n")) {
			t.Errorf("the answer has come to its end, after %d bytes: %v", len(rest), err)
		}
	}
}

// TestSlowReaderOfHTTP2IsEnded holds a stream, of which the connection knows nothing.
func TestSlowReaderOfHTTP2IsEnded(t *testing.T) {
	e, _ := counted(t)
	publishBig(t, e.watchers[0], 16<<20) // a client takes 4 MB before it wants to be asked
	server := httptest.NewUnstartedServer(nil)
	server.Config = e.Server(short())
	inner := server.Config.Handler
	done := make(chan int, 1)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(w, r)
		done <- r.ProtoMajor
	})
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "identity")
	res, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	select {
	case major := <-done:
		if major != 2 {
			t.Errorf("this was HTTP/%d", major)
		}
	case <-time.After(patience):
		t.Fatal("a stream that is not read was not given up")
	}
	if n, err := io.Copy(io.Discard, res.Body); err == nil {
		t.Errorf("all of it was written: %d bytes", n)
	}
}

// TestPatientReaderGetsAll holds that no limit on requests ends an answer: this
// client stops reading for longer than it may take to ask.
func TestPatientReaderGetsAll(t *testing.T) {
	e, _ := counted(t)
	publishBig(t, e.watchers[0], 2<<20)
	l := short()
	l.Answer, l.Rate = patience, 1<<10
	s := listen(t, e, l)
	conn := s.dial("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
	s.await("it is being answered", func() bool { return s.under.Load() == 1 })
	time.Sleep(2 * l.Request) // what must not matter
	if n := s.scraped(conn); n < 2<<20 {
		t.Errorf("%d bytes of the page", n)
	}
}

// scraped reads an answer to its end and returns its length.
func (s *listening) scraped(conn net.Conn) int64 {
	s.t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		s.t.Error(err)
		return 0
	}
	defer res.Body.Close()
	n, err := io.Copy(io.Discard, res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		s.t.Errorf("%s after %d bytes: %v", res.Status, n, err)
	}
	return n
}

// TestDeadlineMovesOnWithTheAnswer holds the arithmetic.
func TestDeadlineMovesOnWithTheAnswer(t *testing.T) {
	under := &deadlines{}
	begun := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	p := &pacedWriter{ResponseWriter: under, control: http.NewResponseController(under), limits: Limits{Answer: 30 * time.Second, Rate: 1000}, begun: begun}
	for _, n := range []int{10, 1990, 600_000} {
		if got, err := p.Write(make([]byte, n)); got != n || err != nil {
			t.Fatalf("%d of %d: %v", got, n, err)
		}
	}
	if len(under.set) != 5 {
		t.Fatalf("%d deadlines, want one for each write and each piece of the last", len(under.set))
	}
	for i, want := range []time.Duration{30 * time.Second, 30 * time.Second, 32 * time.Second, 294 * time.Second, 556 * time.Second} {
		if got := under.set[i].Sub(begun); got != want {
			t.Errorf("write %d: deadline after %v, want %v", i, got, want)
		}
	}
}

type deadlines struct {
	headersOnly
	set []time.Time
}

func (d *deadlines) SetWriteDeadline(at time.Time) error {
	d.set = append(d.set, at)
	return nil
}

// TestTwoHundredScrapesShareThePage holds two hundred scrapes of a page in mid-air,
// some of them unpacked, and looks at what they take: the page is there once.
func TestTwoHundredScrapesShareThePage(t *testing.T) {
	const scrapes, size, each, plain = 200, 3 << 20, 256 << 10, 8
	e, _ := counted(t)
	publishBig(t, e.watchers[0], size)
	l := DefaultLimits
	l.Answer = 2 * patience // all wait for the last
	s := listen(t, e, l)
	before := inUse()
	var conns []net.Conn
	for i := range scrapes {
		header := "Accept-Encoding: gzip\r\n"
		if i%plain == 0 {
			header = ""
		}
		conns = append(conns, s.dial("GET /metrics HTTP/1.1\r\nHost: x\r\n"+header+"\r\n"))
	}
	s.await("all are being answered", func() bool { return s.under.Load() == scrapes })
	taken := inUse() - before
	t.Logf("%d scrapes of %d KiB take %d KiB", scrapes, size>>10, taken>>10)
	if taken > scrapes*each {
		t.Errorf("%d scrapes of %d bytes take %d bytes", scrapes, size, taken)
	}
	var readers sync.WaitGroup
	for i, conn := range conns {
		readers.Go(func() {
			if n := s.scraped(conn); n == 0 || i%plain == 0 && n < size {
				t.Errorf("%d bytes of a page of %d", n, size)
			}
		})
	}
	readers.Wait()
}

// inUse is the memory that is in use, of heap and stacks, in bytes.
func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// TestDetailsAreSharedByAllWhoAsk: the answer of a large cluster is made once.
func TestDetailsAreSharedByAllWhoAsk(t *testing.T) {
	e, _ := counted(t)
	p := e.watchers[0].current.Load()
	first, err := p.details.of(p.snapshot)
	if err != nil || len(first) == 0 {
		t.Fatal(err)
	}
	second, err := p.details.of(p.snapshot)
	if err != nil || &first[0] != &second[0] {
		t.Errorf("made twice: %v", err)
	}
	if _, text := fetch(t, e, "GET", "/api/v1/clusters/a"); text != string(first)+"\n" {
		t.Errorf("served is\n%s\nmade was\n%s", text, first)
	}
	_, before := fetch(t, e, "GET", "/api/v1/clusters/a")
	publishAt(e.watchers[0], time.Now().Add(time.Second))
	if _, after := fetch(t, e, "GET", "/api/v1/clusters/a"); after == before {
		t.Error("a new snapshot is not told")
	}
}

// TestFewFullAnswersAtOnce holds as many full answers in mid-air as there may be: one
// more is told to come back, and scrapes go on.
func TestFewFullAnswersAtOnce(t *testing.T) {
	const size = 16 << 20 // more than kernels take that nobody reads
	e, _ := counted(t)
	p := e.watchers[0].current.Load()
	p.details.once.Do(func() { p.details.data = bytes.Repeat([]byte("x"), size) })
	l := DefaultLimits
	l.Answer = 2 * patience // all wait for the last
	s := listen(t, e, l)
	const ask = "GET /api/v1/clusters/a HTTP/1.1\r\nHost: x\r\n\r\n"
	var conns []net.Conn
	for range maxAnswers {
		conns = append(conns, s.dial(ask))
	}
	s.await("all turns are taken", func() bool { return len(e.answers) == maxAnswers })
	res, text := fetch(t, e, "GET", "/api/v1/clusters/a")
	if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") != "5" || strings.Count(text, "\n") != 1 {
		t.Errorf("one more: %d %v %q", res.StatusCode, res.Header, text)
	}
	for _, path := range []string{"/metrics", "/api/v1/clusters", "/api/v1/clusters/b", "/"} {
		if res, _ := fetch(t, e, "GET", path); res.StatusCode != http.StatusOK {
			t.Errorf("%s meanwhile: %d", path, res.StatusCode)
		}
	}
	if n := s.scraped(conns[0]); n < size {
		t.Errorf("%d bytes of the answer", n)
	}
	s.await("the turn is given back", func() bool { return len(e.answers) < maxAnswers })
	if n := s.scraped(s.dial(ask)); n < size {
		t.Errorf("%d bytes of the answer after that", n)
	}
	if err := conns[1].Close(); err != nil {
		t.Error(err)
	}
	s.await("so is that of a client who went away", func() bool { return len(e.answers) <= maxAnswers-2 })
}

// TestLargeRequestsAreRefused sends a head and bodies that nobody needs.
func TestLargeRequestsAreRefused(t *testing.T) {
	const large, inFlight = 100 << 20, 16 << 20 // kernels take a few megabytes that nobody reads
	e, reloads := counted(t)
	s := listen(t, e, DefaultLimits)
	head := s.dial("GET /metrics HTTP/1.1\r\nHost: x\r\n")
	sent := s.pour(head, "X-Large: "+strings.Repeat("x", 1000)+"\r\n", large)
	if sent > inFlight {
		t.Errorf("%d bytes of a head were taken", sent)
	}
	s.status(head, http.StatusRequestHeaderFieldsTooLarge)

	s.status(s.dial(fmt.Sprintf("POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", large)), http.StatusRequestEntityTooLarge)
	if *reloads != 0 {
		t.Errorf("reloaded by a request that was refused")
	}
	chunks := s.dial("POST /-/reload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
	if sent := s.pour(chunks, "400\r\n"+strings.Repeat("x", 1024)+"\r\n", large); sent > inFlight {
		t.Errorf("%d bytes of a body were taken", sent)
	}
	s.await("all are ended", s.nobody)
}

// pour writes a text over and over until the other side has had enough, and returns
// how many bytes it took.
func (s *listening) pour(conn net.Conn, text string, most int) (sent int) {
	s.t.Helper()
	for sent < most {
		n, err := io.WriteString(conn, text)
		sent += n
		if errors.Is(err, os.ErrDeadlineExceeded) {
			s.t.Fatal("it neither reads nor ends the connection")
		}
		if err != nil {
			break
		}
	}
	return sent
}

// status reads an answer, unless the connection was reset over what was not read.
func (s *listening) status(conn net.Conn, want int) {
	s.t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			s.t.Errorf("no answer: %v", err)
		}
		return
	}
	defer res.Body.Close()
	if res.StatusCode != want {
		s.t.Errorf("%s, want %d", res.Status, want)
	}
}

// TestHeadAndUnknownMethods are served on a real connection, which goes on living.
func TestHeadAndUnknownMethods(t *testing.T) {
	e, _ := counted(t)
	s := listen(t, e, DefaultLimits)
	conn := s.dial("")
	answers := bufio.NewReader(conn)
	for _, c := range []struct {
		method string
		status int
	}{{"HEAD", 200}, {"BREW", 405}, {"HEAD", 200}, {"GET", 200}} {
		if _, err := io.WriteString(conn, c.method+" /metrics HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(answers, &http.Request{Method: c.method})
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != c.status || (len(body) == 0) != (c.method == "HEAD") {
			t.Errorf("%s: %s, %d bytes, %v", c.method, res.Status, len(body), err)
		}
		_ = res.Body.Close()
	}
}
