//go:build cluster

package acceptance

import (
	wire "encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/xdg-go/scram"
)

// tcpServer serves each connection until the test ends, and returns its address.
func tcpServer(t *testing.T, serve func(net.Conn) error) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	var handlers sync.WaitGroup
	handlers.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open[conn] = true
			mu.Unlock()
			handlers.Go(func() {
				_ = serve(conn) // ends as the client ends it
				_ = conn.Close()
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		mu.Lock()
		for conn := range open {
			_ = conn.Close()
		}
		mu.Unlock()
		handlers.Wait()
	})
	return listener.Addr().String()
}

// echo sends back whatever it is told: the worst that can be in an error message.
func echo(conn net.Conn) error {
	_, err := io.Copy(conn, conn)
	return err
}

func readFrame(r io.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	n := wire.BigEndian.Uint32(size[:])
	if n > 1<<20 {
		return nil, fmt.Errorf("a frame of %d bytes", n)
	}
	frame := make([]byte, n)
	_, err := io.ReadFull(r, frame)
	return frame, err
}

func writeFrame(w io.Writer, parts ...[]byte) error {
	var frame []byte
	for _, p := range parts {
		frame = append(frame, p...)
	}
	_, err := w.Write(append(wire.BigEndian.AppendUint32(nil, uint32(len(frame))), frame...))
	return err
}

// fakeBroker is as much of a broker as a login takes. step answers what a client
// says; its error refuses the login, and its text goes to the client.
type fakeBroker struct {
	begin          func() (step func(said []byte) (answer []byte, done bool, err error))
	logins, denied atomic.Int32
}

// serve answers one connection. What comes after the login is echoed.
func (f *fakeBroker) serve(conn net.Conn) error {
	const apiVersions, handshake, authenticate = 18, 17, 36
	step := f.begin()
	for {
		request, err := readFrame(conn)
		if err != nil || len(request) < 10 {
			return errors.Join(err, io.ErrUnexpectedEOF)
		}
		key, version := wire.BigEndian.Uint16(request), wire.BigEndian.Uint16(request[2:])
		body := request[10+int(wire.BigEndian.Uint16(request[8:])):]
		var answer []byte
		switch key {
		case apiVersions: // UNSUPPORTED_VERSION, and what is known, in version 0
			answer = []byte{0, 35, 0, 0, 0, 3, 0, 17, 0, 0, 0, 1, 0, 18, 0, 0, 0, 0, 0, 36, 0, 0, 0, 1}
			if version == 0 {
				answer[1] = 0
			}
		case handshake:
			answer = append([]byte{0, 0, 0, 0, 0, 1}, body...) // knows the one that is asked for
		case authenticate:
			reply, done, err := step(body[4:])
			answer = f.result(reply, done, err, version)
		default:
			answer = request[8:]
		}
		if err := writeFrame(conn, request[4:8], answer); err != nil {
			return err
		}
	}
}

// result is the body of a SaslAuthenticate response.
func (f *fakeBroker) result(reply []byte, done bool, err error, version uint16) []byte {
	code, message := uint16(0), ""
	if err != nil {
		code, message = 58, err.Error() // SASL_AUTHENTICATION_FAILED
		f.denied.Add(1)
	} else if done {
		f.logins.Add(1)
	}
	out := wire.BigEndian.AppendUint16(nil, code)
	out = append(wire.BigEndian.AppendUint16(out, uint16(len(message))), message...)
	out = append(wire.BigEndian.AppendUint32(out, uint32(len(reply))), reply...)
	if version > 0 {
		out = append(out, make([]byte, 8)...)
	}
	return out
}

// believe takes whatever is said for a good login, in one step.
func believe() func([]byte) ([]byte, bool, error) {
	return func([]byte) ([]byte, bool, error) { return nil, true, nil }
}

// refuse repeats what was said as the reason of its refusal.
func refuse() func([]byte) ([]byte, bool, error) {
	return func(said []byte) ([]byte, bool, error) { return nil, false, fmt.Errorf("not you: %q %x", said, said) }
}

// knowing is the server's side of SCRAM for one password.
func knowing(t *testing.T, hash scram.HashGeneratorFcn, password string) func() func([]byte) ([]byte, bool, error) {
	t.Helper()
	client, err := hash.NewClient("evenkeel", password, "")
	must(t, err)
	stored, err := client.GetStoredCredentialsWithError(scram.KeyFactors{Salt: "salt", Iters: 4096})
	must(t, err)
	server, err := hash.NewServer(func(string) (scram.StoredCredentials, error) { return stored, nil })
	must(t, err)
	return func() func([]byte) ([]byte, bool, error) {
		conversation := server.NewConversation()
		return func(said []byte) ([]byte, bool, error) {
			answer, err := conversation.Step(string(said))
			return []byte(answer), conversation.Done() && conversation.Valid(), err
		}
	}
}

// fakeZooKeeper greets, and then refuses whatever a client tells to log in.
type fakeZooKeeper struct{ denied atomic.Int32 }

func (f *fakeZooKeeper) serve(conn net.Conn) error {
	greeting, err := readFrame(conn)
	if err != nil || len(greeting) < 28 {
		return err // a word of four letters, which it does not know
	}
	timeout := greeting[12:16]
	if err := writeFrame(conn, make([]byte, 4), timeout, []byte{0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 16}, make([]byte, 16), []byte{0}); err != nil {
		return err
	}
	for {
		request, err := readFrame(conn)
		if err != nil || len(request) < 8 {
			return err
		}
		const auth, authFailed = 100, -115
		if wire.BigEndian.Uint32(request[4:]) != auth {
			continue
		}
		f.denied.Add(1)
		code := int32(authFailed)
		if err := writeFrame(conn, request[:4], make([]byte, 8), wire.BigEndian.AppendUint32(nil, uint32(code)), request); err != nil {
			return err
		}
	}
}

// tokenServer is a token endpoint. Below /refuse it repeats all that it was sent.
func tokenServer(t *testing.T, token string) (url string, issued *atomic.Int32) {
	t.Helper()
	issued = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/json")
		if strings.HasPrefix(r.URL.Path, "/refuse") {
			w.WriteHeader(http.StatusUnauthorized)
			user, secret, _ := r.BasicAuth()
			fmt.Fprintf(w, `{"error": "invalid_client", "error_description": %q}`, fmt.Sprint(string(body), " ", r.Header.Get("Authorization"), " ", user, " ", secret))
			return
		}
		issued.Add(1)
		fmt.Fprintf(w, `{"access_token": %q, "token_type": "bearer", "expires_in": 600}`, token)
	}))
	t.Cleanup(server.Close)
	return server.URL, issued
}
