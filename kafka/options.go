package kafka

import (
	"context"
	"net"

	"github.com/IBM/sarama"
)

// Options are the options of a Client.
type Options struct {
	// ClientID is what brokers log and apply quotas by; "evenkeel" when empty.
	// Kafka before 1.0 takes letters, digits, dots, dashes and underscores only.
	ClientID string

	// Observe, if set, is called once for each request that was sent, with Kafka's
	// name of the request and, if it failed, why. It is called from several
	// goroutines at once, and must not block.
	Observe func(api string, err error)

	// Lost, if set, is called when a broker that had answered a probe goes away between
	// calls: the connection kept for its probe ended, and asking it anew at once failed
	// as well, with the error given. A broker that closed an idle connection answers
	// that, and nothing is told. The node is that of its last probe. It is called from a
	// goroutine of the client, once for each loss, and must neither block nor call
	// Close. Without it nobody waits for the end of connections.
	Lost func(n Node, probe error)

	// Version is the release of all brokers, such as 0.9.0.1 or 4.0.0, where they
	// must not be asked for it. Nothing newer is sent then. "" and "auto" leave it
	// to the brokers.
	Version string

	// Dial, if set, connects instead of plain TCP: through TLS. It must heed ctx.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// Login, if set, puts the credentials into conf.Net.SASL. It is called for each
	// connection, and must heed ctx. The form of the login is set by the client.
	Login func(ctx context.Context, conf *sarama.Config) error
}
