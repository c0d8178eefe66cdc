package kafka

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/config"
)

// Keys of the requests of a login, and of one to come after it.
const (
	saslKeyListGroups   = 16
	saslKeyHandshake    = 17
	saslKeyAuthenticate = 36
)

// saslSession is the server's side of one login.
type saslSession interface {
	// step answers what the client said. A login that is refused is an error.
	step(said []byte) (answer []byte, done bool, err error)
}

// saslFake is a broker that knows one SASL mechanism, in the form of Kafka 1.0
// (SaslAuthenticate) and in the one before it (bare tokens), and nothing else but
// an empty list of groups.
type saslFake struct {
	addr      string
	mechanism string
	begin     func() saslSession
	lifetime  time.Duration // of a login, told to the client; 0: for ever

	mu     sync.Mutex
	logins int // that succeeded
}

func newSASLFake(t *testing.T, mechanism string, begin func() saslSession) *saslFake {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &saslFake{addr: listener.Addr().String(), mechanism: mechanism, begin: begin}
	var handlers sync.WaitGroup
	handlers.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			handlers.Go(func() {
				defer conn.Close()
				if err := f.serve(conn); err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, errRefused) {
					t.Errorf("fake broker: %v", err)
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		handlers.Wait()
	})
	return f
}

// errRefused ends a connection as brokers do that have no other way to refuse.
var errRefused = errors.New("refused")

func (f *saslFake) succeeded() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.logins
}

// serve answers the requests of one connection.
func (f *saslFake) serve(conn net.Conn) error {
	session := f.begin()
	for {
		request, err := readSASLFrame(conn)
		if err != nil {
			return err
		}
		key, version := int16(binary.BigEndian.Uint16(request)), int16(binary.BigEndian.Uint16(request[2:]))
		client := int(binary.BigEndian.Uint16(request[8:]))
		body := request[10+client:]
		var answer []byte
		switch {
		case key == saslKeyHandshake:
			code := uint16(0)
			if said := string(body[2:]); said != f.mechanism {
				code = uint16(sarama.ErrUnsupportedSASLMechanism)
			}
			answer = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16(nil, code), 0)
			if version == 0 {
				if err := writeSASLFrame(conn, append(request[4:8:8], answer...)); err != nil {
					return err
				}
				if err := f.bareLogin(conn, session); err != nil {
					return err
				}
				continue
			}
			session = f.begin() // a second one renews the login
		case key == saslKeyAuthenticate && version == 1:
			answer = f.authenticate(session, body[4:])
		case key == saslKeyListGroups && version == 0 && f.succeeded() > 0:
			answer = make([]byte, 6)
		default:
			return errors.New("asked for what it does not know")
		}
		if err := writeSASLFrame(conn, append(request[4:8:8], answer...)); err != nil {
			return err
		}
	}
}

// authenticate makes the body of a SaslAuthenticate response of version 1.
func (f *saslFake) authenticate(session saslSession, said []byte) []byte {
	reply, done, err := session.step(said)
	code, message := uint16(0), ""
	if err != nil {
		code, message = uint16(sarama.ErrSASLAuthenticationFailed), err.Error()
	}
	f.note(done && err == nil)
	out := binary.BigEndian.AppendUint16(nil, code)
	out = append(binary.BigEndian.AppendUint16(out, uint16(len(message))), message...)
	out = append(binary.BigEndian.AppendUint32(out, uint32(len(reply))), reply...)
	return binary.BigEndian.AppendUint64(out, uint64(f.lifetime.Milliseconds()))
}

// bareLogin is a login in the old form, after the handshake.
func (f *saslFake) bareLogin(conn net.Conn, session saslSession) error {
	for {
		said, err := readSASLFrame(conn)
		if err != nil {
			return err
		}
		reply, done, err := session.step(said)
		if err != nil {
			return errRefused
		}
		f.note(done)
		if err := writeSASLFrame(conn, reply); err != nil || done {
			return err
		}
	}
}

func (f *saslFake) note(success bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if success {
		f.logins++
	}
}

func readSASLFrame(r io.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	frame := make([]byte, binary.BigEndian.Uint32(size[:]))
	_, err := io.ReadFull(r, frame)
	return frame, err
}

func writeSASLFrame(w io.Writer, frame []byte) error {
	_, err := w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(frame))), frame...))
	return err
}

// newLogin fails the test unless c is a login.
func newLogin(t *testing.T, c config.SASL) Login {
	t.Helper()
	login, err := NewLogin(c)
	if err != nil || login == nil {
		t.Fatalf("no login: %v", err)
	}
	return login
}

// logInTo connects as sarama does, in the new form of a login or in the old. The
// connection is closed with the test.
func logInTo(t *testing.T, login Login, addr string, handshake int16) (*sarama.Broker, error) {
	t.Helper()
	conf := sarama.NewConfig()
	conf.Version = sarama.V2_2_0_0
	conf.ApiVersionsRequest = false
	conf.Net.DialTimeout, conf.Net.ReadTimeout, conf.Net.WriteTimeout = 20*time.Second, 20*time.Second, 20*time.Second
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := login(ctx, conf); err != nil {
		return nil, err
	}
	conf.Net.SASL.Version = handshake
	broker := sarama.NewBroker(addr)
	if err := broker.Open(conf); err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = broker.Close() })
	connected, err := broker.Connected()
	if err == nil && !connected {
		err = sarama.ErrNotConnected
	}
	return broker, err
}
