package kafka

import (
	"context"
	"fmt"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Probe asks the broker for the offsets of no topics at all, over a connection
// that nothing else uses. It returns the time from the request to the answer,
// without the time that connecting took.
func (c *Client) Probe(ctx context.Context, n Node) (took time.Duration, err error) {
	t, err := c.target(n)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", n, err)
	}
	t.node.Store(&n)
	t.anew.Store(0)
	return c.probe(ctx, t, n)
}

func (c *Client) probe(ctx context.Context, t *target, n Node) (took time.Duration, err error) {
	return run(ctx, c, t, n, t.probe, listOffsets, func(l *link) (time.Duration, error) {
		version, err := l.known.pick(kmsg.ListOffsets.Int16(), listOffsetsForm)
		if err != nil {
			return 0, err
		}
		l.socket.small.Store(true)
		defer l.socket.small.Store(false)
		asked := time.Now()
		_, err = l.broker.GetAvailableOffsets(&sarama.OffsetRequest{Version: version})
		return time.Since(asked), l.discreet(err)
	})
}
