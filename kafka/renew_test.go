package kafka

import (
	"context"
	"testing"
	"time"
)

// A login of limited life is renewed before requests that are sent past sarama, over the
// same connection, and nothing else is sent for it.
func TestLoginsAreRenewedBeforeAnyRequest(t *testing.T) {
	for name, key := range map[string]int16{"ListGroups": keyListGroups, "ListOffsets": keyListOffsets} {
		f := newFake(t, func(r received) answer {
			switch r.key {
			case keyAPIVersions:
				return versions(map[int16]int16{keyListOffsets: 1, keyListGroups: 0, keyDescribeGroups: 0, keySaslHandshake: 1, keySaslAuthenticate: 1})
			case keySaslHandshake:
				return saslAnswer(r, 0)
			case keySaslAuthenticate:
				return new(message).int16(0).int16(-1).blob(nil).int64(1).answer() // for a millisecond
			default:
				return noGroups(r)
			}
		})
		c, _ := newLoginClient(t)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		for len(f.seen(keySaslAuthenticate)) < 4 {
			if err := calls[key](ctx, c, f.node(5)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		cancel()
		if n := f.connections(); n != 1 {
			t.Errorf("%s: %d connections, want one whose login is renewed", name, n)
		}
		if seen := f.seen(keyDescribeGroups); len(seen) > 0 {
			t.Errorf("%s: %+v were sent to renew a login", name, seen)
		}
	}
}
