package zookeeper

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

const httpOK = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

// repeats sends a beginning, and after it the same for ever.
func repeats(begin, forever string) func(string, net.Conn) {
	return func(_ string, conn net.Conn) {
		_, err := io.WriteString(conn, begin)
		for chunk := strings.Repeat(forever, 4096/len(forever)+1); err == nil; {
			_, err = io.WriteString(conn, chunk)
		}
	}
}

// drips sends a beginning at once and the rest byte by byte, each after a pause.
func drips(begin, rest string, pause time.Duration) func(string, net.Conn) {
	return func(_ string, conn net.Conn) {
		_, err := io.WriteString(conn, begin)
		for i := 0; i < len(rest) && err == nil; i++ {
			time.Sleep(pause)
			_, err = io.WriteString(conn, rest[i:i+1])
		}
	}
}

// sends sends this and hangs.
func sends(what string) func(string, net.Conn) {
	return func(word string, conn net.Conn) {
		_, _ = io.WriteString(conn, what)
		hangs(word, conn)
	}
}

// whole is an answer with its length.
func whole(header, body string) func(string, net.Conn) {
	return sends(httpOK + header + "Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}

// bomb is much that looks like little.
func bomb(t *testing.T) string {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(make([]byte, 64<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.String()
}

// most is how much room there is for values of this size in the longest reply.
func most(begin, value, end string) string {
	return begin + strings.Repeat(value, (maxReply-len(begin)-len(end))/len(value)) + end
}

// TestHostileAdminServer has ports that do anything but tell what mntr would: there is
// an error that names the port, by the deadline, and little memory is taken.
func TestHostileAdminServer(t *testing.T) {
	const memory = 16 << 20
	monitor := recorded(t, "3.8.6", "monitor.json")
	bad, late := string(cluster.ServerBadReply), string(cluster.ServerTimeout)
	for name, c := range map[string]struct {
		answer func(string, net.Conn)
		reason string
	}{
		"garbage":              {repeats("\x00\xff", "rubbish"), bad},
		"garbage in lines":     {repeats("", "rubbish\r\n"), bad},
		"endless header":       {repeats(httpOK, "X-More: x\r\n"), bad},
		"one endless header":   {repeats(httpOK+"X-More: ", "x"), bad},
		"endless interim":      {repeats("", "HTTP/1.1 102 Processing\r\n\r\n"), bad},
		"endless JSON":         {repeats(httpOK+"\r\n", `{"a":[1,2,3]},`), bad},
		"endless string":       {repeats(httpOK+"\r\n"+`{"version":"`, "x"), bad},
		"endless chunks":       {repeats(httpOK+"Transfer-Encoding: chunked\r\n\r\n", "4\r\n[[[[\r\n"), bad},
		"gigabytes announced":  {sends(httpOK + "Content-Length: 8589934592\r\n\r\n{"), late},
		"a chunk of gigabytes": {sends(httpOK + "Transfer-Encoding: chunked\r\n\r\n1ffffffff\r\n{"), late},
		"gigabytes sent":       {repeats(httpOK+"Content-Length: 8589934592\r\n\r\n", "[[[[[[[["), bad},
		"a bomb":               {whole("Content-Encoding: gzip\r\n", bomb(t)), bad},
		"a deep value":         {whole("", strings.Repeat("[", maxReply)), bad},
		"small values":         {whole("", most(`{"a":[0`, ",0", "]}")), bad},
		"empty values":         {whole("", most(`{"a":[{}`, ",{}", "]}")), bad},
		"slow head":            {drips("", httpOK+"\r\n"+monitor, time.Second), late},
		"slow body":            {drips(httpOK+"\r\n", monitor, time.Second), late},
		"a long status":        {sends("HTTP/1.1 500 " + strings.Repeat("x", 8<<10) + "\r\n\r\n"), bad},
		"silence":              {hangs, late},
	} {
		host, port := adminAt(t, newWordServer(t, c.answer))
		patience := time.Minute // which nothing takes that is known by what it sends
		if c.reason == late {
			patience = 300 * time.Millisecond
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		stats, err := askAdmin(ctx, host, port, "3.8.6")
		runtime.ReadMemStats(&after)
		cancel()
		if stats != nil || err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf("ask the AdminServer at %s:%d: ", host, port)) {
			t.Errorf("%s: told %d numbers, error %.200v", name, len(stats), err)
		}
		if got := Reason(err); got != c.reason {
			t.Errorf("%s: %s, want %s: %.200v", name, got, c.reason, err)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > memory {
			t.Errorf("%s: %d MiB were allocated", name, grown>>20)
		}
	}
}

// adminAt returns where a fake is.
func adminAt(t *testing.T, s *wordServer) (host string, port int) {
	t.Helper()
	host, text, err := net.SplitHostPort(s.name())
	if err == nil {
		port, err = strconv.Atoi(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	return host, port
}
