package zookeeper

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"
)

const (
	// authXid marks the request for authentication, as ZooKeeper's own client does:
	// it is in no sequence with the library's, which never learns of it.
	authXid = -4
	authOp  = 100
	// deniedPause is how long a server that denied credentials is not tried again
	// with the same ones. Every attempt makes a session, which is a write there.
	deniedPause = 10 * time.Second
)

// errCredentials is the failure to get at the credentials.
var errCredentials = errors.New("no credentials")

// AuthFunc returns what to authenticate a connection with: a scheme of ZooKeeper's
// ("digest") and its credentials ("user:password"). It is called before each
// connection is opened, so that credentials may change meanwhile. Its error must
// hold no secret.
type AuthFunc func() (scheme string, credentials []byte, err error)

// authenticator turns credentials into requests, and remembers who denied them. It
// outlives a link.
type authenticator struct {
	ask AuthFunc // nil for none

	mu     sync.Mutex
	denied map[string]denial // by server
}

type denial struct {
	request []byte
	err     error
	at      time.Time
}

// request returns the message that authenticates a connection with the server, nil
// where there is nothing to authenticate with.
func (a *authenticator) request(server string) ([]byte, error) {
	if a.ask == nil {
		return nil, nil
	}
	scheme, credentials, err := a.ask()
	if err != nil {
		return nil, fmt.Errorf("%w for ZooKeeper: %w", errCredentials, err)
	}
	request := authRequest(scheme, credentials)
	a.mu.Lock()
	defer a.mu.Unlock()
	d, ok := a.denied[server]
	if ok && bytes.Equal(d.request, request) && time.Since(d.at) < deniedPause {
		return nil, d.err
	}
	return request, nil
}

// deny notes that a server took none of these credentials.
func (a *authenticator) deny(server string, request []byte, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.denied == nil {
		a.denied = make(map[string]denial)
	}
	a.denied[server] = denial{request, err, time.Now()}
}

// authRequest writes the frame: xid and operation, an unused type, scheme and
// credentials.
func authRequest(scheme string, credentials []byte) []byte {
	size := 5*4 + len(scheme) + len(credentials)
	frame := make([]byte, 0, 4+size)
	xid := int32(authXid)
	for _, n := range []uint32{uint32(size), uint32(xid), authOp, 0, uint32(len(scheme))} {
		frame = binary.BigEndian.AppendUint32(frame, n)
	}
	frame = append(frame, scheme...)
	frame = binary.BigEndian.AppendUint32(frame, uint32(len(credentials)))
	return append(frame, credentials...)
}

// authenticate sends the credentials right after the session was granted, before
// the library sends anything, so that the next frame is the answer. The library's
// own way sends them while other requests may already be under way, keeps those of
// the first connection for ever, and repeats without an end what was denied.
func (s *socket) authenticate() error {
	if err := s.SetWriteDeadline(time.Now().Add(greetTimeout)); err != nil {
		return err
	}
	if _, err := s.Write(s.auth); err != nil {
		return fmt.Errorf("send the credentials: %w", err)
	}
	if err := s.SetWriteDeadline(time.Time{}); err != nil {
		return err
	}
	var frame [4 + minFrame]byte
	if _, err := io.ReadFull(s.in, frame[:]); err != nil {
		return fmt.Errorf("read the answer to the credentials: %w", err)
	}
	size, xid := binary.BigEndian.Uint32(frame[:]), int32(binary.BigEndian.Uint32(frame[4:]))
	if size != minFrame || xid != authXid {
		return fmt.Errorf("%w: to the credentials it answers %d bytes for request %d", errBadReply, size, xid)
	}
	if code := int32(binary.BigEndian.Uint32(frame[16:])); code != 0 {
		err := fmt.Errorf("the server denies the credentials, check zookeeper.auth (error %d): %w", code, zk.ErrAuthFailed)
		s.dialer.auth.deny(s.server, s.auth, err)
		return err
	}
	return nil
}
