package kafka

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// hostilities are what a port may do instead of answering.
var hostilities = map[string]func(conn net.Conn, correlation []byte){
	"rubbish": func(conn net.Conn, _ []byte) { pour(conn, []byte(strings.Repeat("rubbish ", 512))) },
	"a length of gigabytes": func(conn net.Conn, correlation []byte) {
		_, _ = conn.Write(append([]byte{0x7f, 0xff, 0xff, 0xff}, correlation...))
		pour(conn, make([]byte, 4096))
	},
	"a length that is not kept": func(conn net.Conn, correlation []byte) {
		_, _ = conn.Write(append([]byte{0x05, 0, 0, 0}, correlation...)) // 80 MiB
		silent(conn)
	},
	"byte by byte": func(conn net.Conn, correlation []byte) {
		for _, b := range append([]byte{0, 1, 0, 0}, append(correlation, make([]byte, 1<<16)...)...) {
			if _, err := conn.Write([]byte{b}); err != nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	},
	"an answer of ones": func(conn net.Conn, correlation []byte) {
		_, _ = conn.Write(append(append([]byte{0, 0, 4, 4}, correlation...), bytes.Repeat([]byte{0xff}, 1024)...))
		silent(conn)
	},
}

func pour(conn net.Conn, what []byte) {
	for {
		if _, err := conn.Write(what); err != nil {
			return
		}
	}
}

// calls are all that a broker can be asked, by the key of the request.
var calls = map[int16]func(ctx context.Context, c *Client, n Node) error{
	keyListGroups: func(ctx context.Context, c *Client, n Node) error { _, err := c.ListGroups(ctx, n); return err },
	keyDescribeGroups: func(ctx context.Context, c *Client, n Node) error {
		_, err := c.DescribeGroups(ctx, n, []string{"billing"})
		return err
	},
	keyConsumerGroups: func(ctx context.Context, c *Client, n Node) error {
		_, err := c.DescribeConsumerGroups(ctx, n, []string{"billing"})
		return err
	},
	keyOffsetFetch: func(ctx context.Context, c *Client, n Node) error {
		_, err := c.CommittedOffsetsOf(ctx, n, []string{"billing"})
		return err
	},
	keyListOffsets: func(ctx context.Context, c *Client, n Node) error {
		_, err := c.ListOffsets(ctx, n, Latest, map[string][]int32{"orders": {0}})
		return err
	},
	keyFetch: func(ctx context.Context, c *Client, n Node) error {
		_, err := c.CommitKeys(ctx, n, 0, cluster.OffsetAt(7))
		return err
	},
	keyMetadata:        func(ctx context.Context, c *Client, n Node) error { _, err := c.Metadata(ctx, n); return err },
	keyReassignments:   func(ctx context.Context, c *Client, n Node) error { _, err := c.Reassignments(ctx, n); return err },
	keyDescribeCluster: func(ctx context.Context, c *Client, n Node) error { _, err := c.DescribeCluster(ctx, n); return err },
	keyDescribeQuorum:  func(ctx context.Context, c *Client, n Node) error { _, err := c.Quorum(ctx, n); return err },
	keyElectLeaders: func(ctx context.Context, c *Client, n Node) error {
		_, err := c.ElectPreferred(ctx, n, map[string][]int32{"orders": {0}})
		return err
	},
	keyDescribeConfigs: func(ctx context.Context, c *Client, n Node) error {
		_, err := c.BrokerConfig(ctx, n, "min.insync.replicas")
		return err
	},
}

// newHostile starts a broker that lets clients in with a login, and is hostile at one
// request.
func newHostile(t *testing.T, at int16, hostility func(net.Conn, []byte)) *fake {
	t.Helper()
	f := newFake(t, func(r received) answer {
		switch r.key {
		case at:
			return answer{takeOver: hostility}
		case keyAPIVersions:
			if at == keyFetch { // which goes to old releases only
				return versions(map[int16]int16{keyFetch: 2, keySaslHandshake: 1, keySaslAuthenticate: 2})
			}
			return versions(map[int16]int16{
				keyListOffsets: 6, keyMetadata: 12, keyOffsetFetch: 8, keyDescribeGroups: 5, keyListGroups: 5, keyDescribeConfigs: 4,
				keyReassignments: 0, keyDescribeQuorum: 2, keyDescribeCluster: 2, keyConsumerGroups: 1, keyElectLeaders: 2,
				keySaslHandshake: 1, keySaslAuthenticate: 2,
			})
		case keySaslAuthenticate: // tagged fields; error, message, challenge, lifetime; tagged fields
			return new(message).int8(0).int16(0).int8(0).int8(1).int64(0).int8(0).answer()
		default:
			return saslAnswer(r, 0)
		}
	})
	f.elects = at == keyElectLeaders
	return f
}

// Whatever is answered at whatever step, there is an error that names the broker, by
// the deadline, and nothing panics.
func TestHostileBrokers(t *testing.T) {
	steps := map[int16]func(context.Context, *Client, Node) error{}
	for _, key := range []int16{keyAPIVersions, keySaslHandshake, keySaslAuthenticate} {
		steps[key] = func(ctx context.Context, c *Client, n Node) error { _, err := c.Probe(ctx, n); return err }
	}
	for key, call := range calls {
		steps[key] = call
	}
	for name, hostility := range hostilities {
		for key, call := range steps {
			t.Run(fmt.Sprintf("%s at request %d", name, key), func(t *testing.T) {
				t.Parallel() // most of them wait
				f := newHostile(t, key, hostility)
				c, _ := newLoginClient(t)
				ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
				defer cancel()
				began := time.Now()
				err := call(ctx, c, f.node(5))
				if took := time.Since(began); took > 5*time.Second {
					t.Errorf("it took %v", took)
				}
				if err == nil || !strings.HasPrefix(err.Error(), f.node(5).String()+": ") {
					t.Fatalf("the error is %v, want one that names the broker", err)
				}
				switch Reason(err) {
				case string(cluster.BrokerTimeout), string(cluster.BrokerProtocolError), string(cluster.BrokerAuthError):
				default:
					t.Errorf("the reason of %v is %s", err, Reason(err))
				}
			})
		}
	}
}

// What an answer takes of memory is in proportion to what has arrived of it, whatever
// it makes believe.
func TestHostileAnswersTakeLittleMemory(t *testing.T) {
	const size, most = 1 << 20, 16 << 20
	for key, call := range calls {
		for _, fill := range []string{"\x00", "\x01", "\x02", "\x10", "\x7f", "\x80\x80\x02", "\x80\x80\x02" + strings.Repeat("\x00", size), "\xff"} {
			body := bytes.Repeat([]byte(fill), size/len(fill)+1)[:size]
			body = append(make([]byte, 5), body...)[:size] // tagged fields, throttle time
			fill = fill[:min(len(fill), 4)]
			f := newHostile(t, key, func(conn net.Conn, correlation []byte) {
				_, _ = conn.Write(append(append([]byte{0, 0x10, 0, 4}, correlation...), body...))
				silent(conn)
			})
			c, _ := newLoginClient(t)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := call(ctx, c, f.node(5))
			runtime.ReadMemStats(&after)
			cancel()
			c.Close()
			if grown := after.TotalAlloc - before.TotalAlloc; grown > most {
				t.Errorf("request %d, an answer of %q: %d MiB were allocated for %d MiB (%v)", key, fill, grown>>20, size>>20, err)
			}
			if Reason(err) == cluster.ReasonPanic {
				t.Errorf("request %d, an answer of %q: %v", key, fill, err)
			}
		}
	}
}
