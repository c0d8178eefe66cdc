package kafka

import (
	"context"
	"errors"
	"net"

	"github.com/IBM/sarama"
)

// errShape is the error of an answer to Metadata that has no shape of Metadata's.
var errShape = errors.New("the answer has the shape of neither Kafka 0.9 nor a later release")

// peer is all that is needed to open a connection to a broker.
type peer struct {
	addr     string
	caution  caution
	override *override
	clientID string
	observe  func(api string, err error)
	connect  func(ctx context.Context, network, addr string) (net.Conn, error) // nil: plain TCP
	login    func(ctx context.Context, conf *sarama.Config) error              // nil: none
}

// dial connects by name.
func (p *peer) dial(ctx context.Context) (*socket, error) {
	ctx, cancel := context.WithTimeout(ctx, netTimeout)
	defer cancel()
	connect := p.connect
	if connect == nil {
		connect = new(net.Dialer).DialContext
	}
	conn, err := connect(ctx, "tcp", p.addr)
	switch {
	case err == nil:
		return &socket{Conn: conn, correlation: -1}, nil
	case p.connect != nil && closedByPeer(err) && !isDial(err):
		return nil, &handshakeError{err: err}
	default:
		return nil, err
	}
}

// isDial says whether an error is one of connecting, before anything was sent.
func isDial(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// handshakeError says that the connection was closed during the handshake of TLS,
// which is how Kafka's listeners in plain text answer it.
type handshakeError struct{ err error }

func (e *handshakeError) Error() string {
	return "the connection was closed during the TLS handshake: is this the address of a listener in plain text? (" + e.err.Error() + ")"
}

func (e *handshakeError) Unwrap() error { return e.err }
