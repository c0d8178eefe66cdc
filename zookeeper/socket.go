package zookeeper

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"time"
)

const (
	// greetTimeout is the time a server has to answer the request for a session.
	// The library would wait for almost seven times the session timeout.
	greetTimeout = 2 * time.Second
	// The answer to that request has 36 bytes, 37 from 3.4 on. An HTTP server's
	// first four bytes, read as a length, are 1.2 GB, which the library allocates.
	minGreeting, maxGreeting = 20, 256
	// readOnlyAt is where the 37th byte of that answer is.
	readOnlyAt = 36
	// minFrame is the header that every later answer begins with: the library
	// panics on less.
	minFrame = 16
	// maxFrame bounds one answer. The largest true one is a list of children.
	maxFrame = 64 << 20
)

// socket is the connection under a client session. It stands guard between the
// network and the library, which believes every byte: what is not ZooKeeper's
// protocol ends the connection here, with an error that says so, instead of
// exhausting memory or killing the process. It tells its dialer how connections
// begin and end, which the library keeps to itself.
type socket struct {
	net.Conn
	in     *bufio.Reader // the library reads each answer in two small pieces
	server string
	auth   []byte // what authenticates it; nil for nothing
	dialer *dialer

	greeted bool
	held    []byte  // what was read as a whole and is still to be handed over
	head    [4]byte // length of the frame that begins
	have    int     // bytes of head that were read
	left    int     // bytes left of the frame

	out outbox
}

// Read hands over the server's answers, never beyond the end of a frame.
func (s *socket) Read(p []byte) (int, error) {
	if !s.greeted {
		if err := s.greet(); err != nil {
			s.dialer.failed(s.server, err)
			return 0, err
		}
		s.greeted = true
		s.dialer.began()
	}
	if len(s.held) > 0 {
		n := copy(p, s.held)
		s.held = s.held[n:]
		return n, nil
	}
	n, err := s.readFrame(p)
	if err != nil {
		s.dialer.lost(s.server, err)
	}
	return n, err
}

// Write takes what the library hands over: one request, as a whole. Before the session
// is granted, that is the request for it.
func (s *socket) Write(p []byte) (int, error) {
	if !s.greeted {
		return s.Conn.Write(p)
	}
	return len(p), s.out.post(s.Conn, p, s.dialer.watched)
}

// SetWriteDeadline is for the request for a session. After that requests are sent
// later than they are written, each with a deadline of its own.
func (s *socket) SetWriteDeadline(t time.Time) error {
	if s.greeted {
		return nil
	}
	return s.Conn.SetWriteDeadline(t)
}

// greet reads the answer to the request for a session. A server without a quorum
// closes the connection instead; so does one that has enough connections of ours.
func (s *socket) greet() error {
	if err := s.SetReadDeadline(time.Now().Add(greetTimeout)); err != nil {
		return err
	}
	frame := make([]byte, 4, 4+maxGreeting)
	if _, err := io.ReadFull(s.in, frame); err != nil {
		if isTimeout(err) {
			return fmt.Errorf("no answer to the request for a session: %w", err)
		}
		return fmt.Errorf("%w (it closed the connection instead of opening a session, as does a port that wants TLS): %w", errNotServing, err)
	}
	if isAlert(frame) {
		return errWantsTLS
	}
	size := binary.BigEndian.Uint32(frame)
	if size < minGreeting || size > maxGreeting {
		return fmt.Errorf("%w: not ZooKeeper's protocol, it begins with %q", errBadReply, frame)
	}
	frame = frame[:4+size]
	if _, err := io.ReadFull(s.in, frame[4:]); err != nil {
		return fmt.Errorf("read the answer to the request for a session: %w", err)
	}
	// The library makes a ticker of the timeout, and a ticker panics on zero. The
	// answer that tells of an expired session has neither an id nor a timeout.
	timeout, id := int32(binary.BigEndian.Uint32(frame[8:])), binary.BigEndian.Uint64(frame[12:])
	if id != 0 && timeout <= 0 {
		return fmt.Errorf("%w: session timeout of %d ms", errBadReply, timeout)
	}
	// What was not asked for is not given: a read-only server refuses a client that
	// does not say that it will do. It would show a cut-off server's memory.
	if size > readOnlyAt && frame[4+readOnlyAt] != 0 {
		return fmt.Errorf("%w: it is read-only", errNotServing)
	}
	if s.auth != nil && id != 0 {
		if err := s.authenticate(); err != nil {
			return err
		}
	}
	s.held = frame
	return nil
}

func (s *socket) readFrame(p []byte) (int, error) {
	if s.left > 0 {
		n, err := s.in.Read(p[:min(len(p), s.left)])
		s.left -= n
		return n, err
	}
	n, err := s.in.Read(p[:min(len(p), len(s.head)-s.have)])
	s.have += copy(s.head[s.have:], p[:n])
	if s.have == len(s.head) {
		size := binary.BigEndian.Uint32(s.head[:])
		if size < minFrame || size > maxFrame {
			return 0, fmt.Errorf("%w: an answer of %d bytes", errBadReply, size)
		}
		if err := s.checkAnswer(int(size)); err != nil {
			return 0, err
		}
		s.left, s.have = int(size)-len(s.held), 0
	}
	return n, err
}
