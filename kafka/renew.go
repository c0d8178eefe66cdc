package kafka

import (
	"errors"
	"math"
	"strings"

	"github.com/IBM/sarama"
)

// unsendable is longer than any text of a request may be.
var unsendable = strings.Repeat("x", math.MaxInt16+1)

// renew renews a login whose time is nearly over (KIP-368), or else the broker would
// hang up on the next request. Sarama does it before it sends a request of its own, and
// is given one that it cannot encode, so that nothing else is sent.
func (l *link) renew() error {
	if l.conf == nil || l.conf.Net.SASL.Version == sarama.SASLHandshakeV0 {
		return nil
	}
	l.socket.small.Store(true)
	defer l.socket.small.Store(false)
	_, err := l.broker.DescribeGroups(&sarama.DescribeGroupsRequest{Groups: []string{unsendable}})
	var unsent sarama.PacketEncodingError
	if errors.As(err, &unsent) {
		return nil
	}
	return l.discreet(err)
}
