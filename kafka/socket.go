package kafka

import (
	"encoding/binary"
	"fmt"
	"net"
	"sync/atomic"
)

// socket is the connection under a sarama.Broker. It counts what is sent, and checks
// the length that each answer announces before anybody believes it: sarama reads some
// answers of a login without any limit, up to 4 GiB.
type socket struct {
	net.Conn
	sent        atomic.Int64 // requests, each of which is one Write
	correlation int32        // number of the last request that was not sent by sarama
	buffer      []byte       // of what was sent or read last without sarama, for use by the next
	opaque      atomic.Bool  // a login in its old form is under way, in which answers may be empty
	small       atomic.Bool  // only small answers are expected

	// Where the stream of answers stands. Only one goroutine reads at a time.
	head    [4]byte // the length that the next answer announces, as far as it was read
	headLen int
	left    int // bytes of the present answer still to come
}

// Write sends one request.
func (s *socket) Write(p []byte) (int, error) {
	s.sent.Add(1)
	return s.Conn.Write(p)
}

// Read reads answers, and fails where one announces a length that cannot be true.
func (s *socket) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	if bad := s.follow(p[:n]); bad != nil {
		return 0, bad
	}
	return n, err
}

// follow keeps track of the answers in what was read: four bytes of length, then
// as many bytes as that says.
func (s *socket) follow(read []byte) error {
	for len(read) > 0 {
		if s.left > 0 {
			n := min(s.left, len(read))
			s.left -= n
			read = read[n:]
			continue
		}
		n := copy(s.head[s.headLen:], read)
		s.headLen += n
		read = read[n:]
		if s.headLen < len(s.head) {
			return nil
		}
		s.headLen = 0
		length := binary.BigEndian.Uint32(s.head[:])
		// An answer has at least its correlation id.
		most := uint32(maxResponse)
		if s.small.Load() {
			most = maxSmall
		}
		if length < 4 && !s.opaque.Load() || length > most {
			return &frameError{head: s.head}
		}
		s.left = int(length)
	}
	return nil
}

// frameError says that what answers does not speak Kafka's protocol, or not in
// plain text. It is a net.Error, because sarama takes that for a broken connection
// and gives up.
type frameError struct{ head [4]byte }

func (e *frameError) Error() string {
	if e.isTLS() {
		return "the port answers with TLS, and was asked in plain text: is this the address of another listener?"
	}
	return fmt.Sprintf("the answer begins with %q, which is no length of a Kafka response: what listens there is no broker, or this is another kind of listener", e.head[:])
}

// Timeout and Temporary make it a net.Error, neither of the two.
func (e *frameError) Timeout() bool   { return false }
func (e *frameError) Temporary() bool { return false }

// isTLS says whether the bytes begin a TLS alert: type 21, then version 3.x.
func (e *frameError) isTLS() bool { return e.head[0] == 21 && e.head[1] == 3 }
