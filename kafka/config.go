package kafka

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/IBM/sarama"
	"github.com/rcrowley/go-metrics"
)

const (
	// netTimeout bounds each dial, write and read, however late the deadline of the
	// call's context is. It is that deadline which bounds the call.
	netTimeout = 3 * time.Second

	// maxResponse is the largest answer that is read, in bytes. The offsets of
	// 100,000 partitions fit into 5 MB: whatever announces more than this is not
	// an answer to us.
	maxResponse = 100 << 20

	// maxSmall is the largest answer that is read to the probe and in a login. True
	// ones have some bytes, or the ticket of somebody in very many groups; sarama takes
	// fifty times what it reads for what an answer announces.
	maxSmall = 1 << 20
)

// sarama keeps these for the whole process, so they are set once, before the
// first connection.
func init() {
	sarama.MaxResponseSize = maxResponse

	// sarama counts for each connection into go-metrics, with a goroutine that
	// ticks for ever. Nobody reads those numbers.
	metrics.UseNilMetrics = true

	// A panic in a goroutine of sarama's own would end the process. The call that
	// waits for that goroutine ends by its deadline, and is abandoned.
	sarama.PanicHandler = func(reason any) {
		slog.Error("the Kafka client panicked; the call that hangs by it will be abandoned",
			"panic", fmt.Sprint(reason), "stack", string(debug.Stack()))
	}
}

// saramaConfig returns the configuration of one connection. What concerns a login is
// added to it by others; TLS belongs into the dialer, so that the checks in socket
// see what sarama sees.
func saramaConfig(clientID string, d handOver) *sarama.Config {
	conf := sarama.NewConfig()
	conf.ClientID = clientID
	conf.Version = sarama.MaxVersion // what is sent is bounded by what the broker knows, see learn
	conf.ApiVersionsRequest = false
	conf.Net.DialTimeout = netTimeout
	conf.Net.ReadTimeout = netTimeout
	conf.Net.WriteTimeout = netTimeout
	conf.Net.Proxy.Enable = true
	conf.Net.Proxy.Dialer = d
	return conf
}
