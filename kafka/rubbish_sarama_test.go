package kafka

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"
)

// canned is a connection on which each request is answered at once: the first ones as a
// login is, if there are any, and then with body. It ends where there is no more to
// read: sarama would wait for the rest of an answer that is too short.
type canned struct {
	net.Conn // none: what is not below is not used
	login    [][]byte
	body     []byte

	mu      sync.Mutex
	changed sync.Cond
	answers []byte
	closed  bool
}

func newCanned(body []byte, login ...[]byte) *canned {
	c := &canned{body: body, login: login}
	c.changed.L = &c.mu
	return c
}

func (c *canned) Write(request []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	body := c.body
	if len(c.login) > 0 {
		body, c.login = c.login[0], c.login[1:]
	}
	c.answers = binary.BigEndian.AppendUint32(c.answers, uint32(4+len(body)))
	c.answers = append(append(c.answers, request[8:12]...), body...)
	c.closed = true
	c.changed.Broadcast()
	return len(request), nil
}

func (c *canned) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.answers) == 0 {
		if c.closed {
			return 0, io.EOF
		}
		c.changed.Wait()
	}
	n := copy(p, c.answers)
	c.answers = c.answers[n:]
	return n, nil
}

func (c *canned) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.changed.Broadcast()
	return nil
}

func (c *canned) SetDeadline(time.Time) error      { return nil }
func (c *canned) SetReadDeadline(time.Time) error  { return nil }
func (c *canned) SetWriteDeadline(time.Time) error { return nil }

// saramaAsks are the requests that are sent by way of sarama, which reads the answers.
var saramaAsks = []func(b *sarama.Broker, version int16) error{
	func(b *sarama.Broker, version int16) error {
		_, err := b.GetAvailableOffsets(&sarama.OffsetRequest{Version: version % 7})
		return err
	},
}

// askSarama opens a connection, with a login for kinds beyond those requests, and asks.
func askSarama(kind uint8, version int16, body []byte) error {
	handshake := new(message).int16(0).int32(1).str("PLAIN").Bytes()
	asked := int(kind) % (len(saramaAsks) + 2)
	conn := newCanned(body)
	conf := saramaConfig("evenkeel", handOver{conn})
	if asked >= len(saramaAsks) {
		_ = plain(context.Background(), conf) // which cannot fail
		conf.Net.SASL.Version = sarama.SASLHandshakeV1
		conf.Version = []sarama.KafkaVersion{sarama.V2_1_0_0, sarama.V2_4_0_0, sarama.MaxVersion}[version%3]
		if asked > len(saramaAsks) {
			conn.login = [][]byte{handshake}
		}
	}
	b := sarama.NewBroker("broker:9092")
	if err := b.Open(conf); err != nil {
		return err
	}
	defer func() { _ = b.Close() }()
	if _, err := b.Connected(); err != nil || asked >= len(saramaAsks) {
		return err
	}
	return saramaAsks[asked](b, version)
}

// What is well-formed gets through, or else the fuzzer would try the wrong thing.
func TestCannedAnswers(t *testing.T) {
	for kind, body := range map[uint8]*message{
		0: new(message).int32(0),
		2: new(message).int16(0).int16(-1).blob(nil),
	} {
		if err := askSarama(kind, 0, body.Bytes()); err != nil {
			t.Errorf("request %d: %v", kind, err)
		}
		if err := askSarama(kind, 0, []byte{1}); err == nil {
			t.Errorf("request %d: half an answer was understood", kind)
		}
	}
}

// Whatever a broker answers to what goes by way of sarama, sarama neither panics nor
// hangs over it.
func FuzzSarama(f *testing.F) {
	for kind := range uint8(len(saramaAsks) + 2) {
		f.Add(kind, int16(0), new(message).int32(0).Bytes())
		f.Add(kind, int16(5), append(make([]byte, 7), 0xff, 0xff, 0xff, 0xff, 0x0f))
	}
	f.Fuzz(func(t *testing.T, kind uint8, version int16, body []byte) {
		defer watchdog(t.Name()).Stop()
		form := max(version, 0)
		_ = askSarama(kind, form, body) // any error will do
	})
}
