package kafka

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/cluster"
)

// plain logs in with a name and a password.
func plain(_ context.Context, conf *sarama.Config) error {
	conf.Net.SASL.Enable = true
	conf.Net.SASL.Handshake = true
	conf.Net.SASL.Mechanism = sarama.SASLTypePlaintext
	conf.Net.SASL.User, conf.Net.SASL.Password = "evenkeel", "secret"
	return nil
}

// newLoginClient returns a client that logs in, and its clock.
func newLoginClient(t *testing.T) (c *Client, clock *atomic.Int64) {
	t.Helper()
	c = NewClient(Options{Login: plain})
	clock = new(atomic.Int64)
	c.now = func() time.Time { return time.Unix(0, clock.Load()) }
	t.Cleanup(c.Close)
	return c, clock
}

// saslAnswer answers a login of the newer kind, with an error code at its end.
func saslAnswer(r received, code int16) answer {
	if r.key == keySaslHandshake {
		return new(message).int16(0).int32(1).str("PLAIN").answer()
	}
	m := new(message).int16(code).int16(-1).blob(nil)
	if r.version >= 1 {
		m.int64(0)
	}
	return m.answer()
}

func TestRefusedLoginIsNotRepeatedAtOnce(t *testing.T) {
	f := newFake(t, func(r received) answer {
		if r.key == keyAPIVersions {
			return versions(map[int16]int16{keyListOffsets: 1, keySaslHandshake: 1, keySaslAuthenticate: 1})
		}
		return saslAnswer(r, 58)
	})
	c, clock := newLoginClient(t)
	wait := time.Duration(0)
	for i := range 6 {
		before := f.connections()
		for range 3 {
			_, err := c.Probe(within(t), f.node(5))
			if Status(err) != cluster.BrokerAuthError || !isCode(err, sarama.ErrSASLAuthenticationFailed) {
				t.Fatalf("Probe: %v (%s)", err, Status(err))
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the password is in the error: %v", err)
			}
		}
		_, err := c.ListGroups(within(t), f.node(5))
		if err == nil || !strings.Contains(err.Error(), "not tried again before") {
			t.Errorf("a held call: %v, want the time of the next try", err)
		}
		if got := f.connections() - before; got != 1 {
			t.Errorf("round %d: %d connections for four calls, want 1", i, got)
		}
		wait = min(max(2*wait, firstBackoff), lastBackoff)
		// Before the earliest moment nothing is tried; after the latest it is.
		clock.Add(int64(wait*8/10 - time.Millisecond))
		if _, err := c.Probe(within(t), f.node(5)); err == nil || f.connections()-before != 1 {
			t.Errorf("round %d: tried again after less than four fifths of %v: %v", i, wait, err)
		}
		clock.Add(int64(wait*4/10 + 2*time.Millisecond))
	}
}

func TestLoginThatSucceedsEndsTheBackoff(t *testing.T) {
	var code atomic.Int32
	code.Store(58)
	f := newFake(t, func(r received) answer {
		switch r.key {
		case keyAPIVersions:
			return versions(map[int16]int16{keyListOffsets: 1, keySaslHandshake: 1, keySaslAuthenticate: 0})
		case keyListOffsets:
			return noTopics()
		default:
			return saslAnswer(r, int16(code.Load()))
		}
	})
	c, clock := newLoginClient(t)
	if _, err := c.Probe(within(t), f.node(5)); !isLoginFailure(err) {
		t.Fatalf("Probe: %v", err)
	}
	code.Store(0)
	clock.Add(int64(firstBackoff * 2))
	for range 2 {
		if _, err := c.Probe(within(t), f.node(5)); err != nil {
			t.Fatalf("Probe after the password was mended: %v", err)
		}
	}
	if got := f.connections(); got != 2 {
		t.Errorf("%d connections, want 2", got)
	}
}

// Kafka 0.10 knows the older login only, in which a refusal is a hang-up. Where its
// release is known the newer is not tried.
func TestOlderLogin(t *testing.T) {
	f := newFake(t, func(r received) answer {
		switch {
		case r.key == keyAPIVersions:
			return versions(map[int16]int16{keyListOffsets: 1, keySaslHandshake: 0})
		case r.key == keySaslHandshake && r.version == 0:
			return answer{body: new(message).int16(0).int32(1).str("PLAIN").Bytes(), hangUpAfter: true}
		default:
			return answer{hangUp: true}
		}
	})
	for registration, connections := range map[int]int{4: 1, 0: 2} {
		c, _ := newLoginClient(t)
		before := f.connections()
		_, err := c.Probe(within(t), f.node(registration))
		if Status(err) != cluster.BrokerAuthError {
			t.Errorf("registration %d: %v (%s), want an auth_error", registration, err, Status(err))
		}
		if got := f.connections() - before; got != connections {
			t.Errorf("registration %d: %d connections, want %d", registration, got, connections)
		}
	}
}

func TestCredentialsThatCannotBeHad(t *testing.T) {
	f := newFake(t, func(received) answer { return answer{hangUp: true} })
	gone := errors.New("no such file")
	c := NewClient(Options{Login: func(context.Context, *sarama.Config) error { return gone }})
	t.Cleanup(c.Close)
	_, err := c.Probe(within(t), f.node(1))
	if !errors.Is(err, gone) || Status(err) != cluster.BrokerAuthError || len(f.seen()) != 0 {
		t.Errorf("Probe: %v (%s), after %d requests", err, Status(err), len(f.seen()))
	}
}

// A broker that does not answer is not one that refuses.
func TestSilenceDuringTheLoginIsATimeout(t *testing.T) {
	f := newFake(t, func(received) answer { return answer{} })
	c, _ := newLoginClient(t)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := c.Probe(ctx, f.node(1)); Status(err) != cluster.BrokerTimeout {
		t.Errorf("Probe: %v (%s), want a timeout", err, Status(err))
	}
}

func TestJitter(t *testing.T) {
	for range 1000 {
		if got := jitter(time.Minute); got < 48*time.Second || got > 72*time.Second {
			t.Fatalf("jitter(1m) = %v", got)
		}
	}
}

// A broker that let us in and now hangs up over the login is being stopped. It is to
// be seen at once when it is back.
func TestHangUpOfABrokerThatLetUsInBefore(t *testing.T) {
	var stopping atomic.Bool
	f := newFake(t, func(r received) answer {
		switch {
		case r.key == keyAPIVersions:
			return versions(map[int16]int16{keyListOffsets: 1, keyMetadata: 5, keySaslHandshake: 1, keySaslAuthenticate: 0})
		case r.key == keyListOffsets:
			return noTopics()
		case stopping.Load():
			return answer{hangUp: true}
		default:
			return saslAnswer(r, 0)
		}
	})
	c, _ := newLoginClient(t)
	if _, err := c.Probe(within(t), f.node(5)); err != nil {
		t.Fatal(err)
	}
	stopping.Store(true)
	f.hangUp()
	if _, err := c.Probe(within(t), f.node(5)); err == nil || Status(err) == cluster.BrokerAuthError {
		t.Errorf("Probe: %v (%s), want no auth_error", err, Status(err))
	}
	stopping.Store(false)
	if _, err := c.Probe(within(t), f.node(5)); err != nil {
		t.Errorf("it is back, and was not asked: %v", err)
	}
}

// Where our own credentials cannot be had, no broker is hurt by trying again, and all
// of them are to be seen soon after that was mended.
func TestOwnCredentialsAreTriedAgainSoon(t *testing.T) {
	f := newFake(t, func(r received) answer {
		if r.key == keyAPIVersions {
			return versions(map[int16]int16{keyListOffsets: 1, keySaslHandshake: 1, keySaslAuthenticate: 0})
		}
		return noTopics()
	})
	asked := 0
	c := NewClient(Options{Login: func(context.Context, *sarama.Config) error {
		asked++
		return &credentialsError{mechanism: "OAUTHBEARER", err: errors.New("the token endpoint is gone")}
	}})
	t.Cleanup(c.Close)
	now := time.Unix(0, 0)
	c.now = func() time.Time { return now }
	for i := range 8 {
		if _, err := c.Probe(within(t), f.node(4)); Status(err) != cluster.BrokerAuthError || asked != i+1 {
			t.Fatalf("round %d: %v, asked for credentials %d times", i, err, asked)
		}
		now = now.Add(firstBackoff*12/10 + time.Second)
	}
}
