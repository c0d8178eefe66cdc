package zookeeper

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// wordServer is a fake: a TCP server that answers four-letter words with what a
// test tells it to. Real servers do not hang, babble or shut up on demand.
type wordServer struct {
	net.Listener
	wg sync.WaitGroup

	mu     sync.Mutex
	answer func(word string, conn net.Conn)
	asked  []string
	open   map[net.Conn]bool
}

func newWordServer(t testing.TB, answer func(word string, conn net.Conn)) *wordServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &wordServer{Listener: l, answer: answer, open: make(map[net.Conn]bool)}
	s.wg.Go(s.accept)
	t.Cleanup(func() {
		_ = l.Close()
		s.hangUp()
		s.wg.Wait()
	})
	return s
}

// hangUp closes all connections.
func (s *wordServer) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.open {
		_ = conn.Close()
	}
}

func (s *wordServer) accept() {
	for {
		conn, err := s.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.open[conn] = true
		s.mu.Unlock()
		s.wg.Go(func() {
			defer conn.Close()
			word := make([]byte, 4)
			if _, err := io.ReadFull(conn, word); err != nil {
				return
			}
			s.mu.Lock()
			s.asked = append(s.asked, string(word))
			answer := s.answer
			s.mu.Unlock()
			answer(string(word), conn)
		})
	}
}

func (s *wordServer) name() string { return s.Addr().String() }

// become changes how the server answers.
func (s *wordServer) become(answer func(word string, conn net.Conn)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

// heard returns the words since it was called last.
func (s *wordServer) heard() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked
	s.asked = nil
	return asked
}

// says answers each word with its text, and others as the whitelist has it.
func says(replies map[string]string) func(string, net.Conn) {
	return func(word string, conn net.Conn) {
		reply, ok := replies[word]
		if !ok {
			reply = word + " is not executed because it is not in the whitelist.\n"
		}
		_, _ = io.WriteString(conn, reply)
	}
}

const notServingReply = "This ZooKeeper instance is not currently serving requests\n"

// hangs answers nothing until the client gives up.
func hangs(_ string, conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// babbles never stops sending.
func babbles(_ string, conn net.Conn) { pour(conn) }

func pour(w io.Writer) {
	line := make([]byte, 1<<16)
	for i := range line {
		line[i] = "zk_x\t1\n"[i%7]
	}
	for {
		if _, err := w.Write(line); err != nil {
			return
		}
	}
}

func recorded(t testing.TB, parts ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(append([]string{"testdata"}, parts...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
