package kafka

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/cluster"
)

// TestRefusalsDoNotRepeatSecrets holds what is told of a broker's own words.
func TestRefusalsDoNotRepeatSecrets(t *testing.T) {
	conf := sarama.NewConfig()
	conf.Net.SASL.Password = "hunter2"
	refused := func(words string) error {
		return discreet(fmt.Errorf("%w: %s", sarama.ErrSASLAuthenticationFailed, words), conf)
	}
	err := refused("who is me:hunter2?")
	if strings.Contains(err.Error(), "hunter") || !isCode(err, sarama.ErrSASLAuthenticationFailed) {
		t.Errorf("%v", err)
	}
	if err := refused("Invalid username or password"); !strings.Contains(err.Error(), "Invalid username or password") {
		t.Errorf("%v", err)
	}
	provider := &tokenProvider{first: "a.b.c"}
	conf.Net.SASL.TokenProvider = provider
	if _, err := provider.Token(); err != nil {
		t.Fatal(err)
	}
	if err := refused("Bearer a.b.c is wrong"); strings.Contains(err.Error(), "a.b.c") {
		t.Errorf("%v", err)
	}
	if err := discreet(nil, conf); err != nil {
		t.Errorf("%v", err)
	}
}

// A login that is renewed in the middle of a connection (KIP-368) may be refused in words
// that repeat it, like the first.
func TestRefusedRenewalDoesNotRepeatSecrets(t *testing.T) {
	for name, call := range map[string]func(context.Context, *Client, Node) error{
		"Probe":          func(ctx context.Context, c *Client, n Node) error { _, err := c.Probe(ctx, n); return err },
		"ListGroups":     calls[keyListGroups],
		"DescribeGroups": calls[keyDescribeGroups],
	} {
		var logins atomic.Int32
		f := newFake(t, func(r received) answer {
			switch r.key {
			case keyAPIVersions:
				return versions(map[int16]int16{keyListOffsets: 1, keyListGroups: 0, keyDescribeGroups: 0, keySaslHandshake: 1, keySaslAuthenticate: 1})
			case keySaslHandshake:
				return saslAnswer(r, 0)
			case keySaslAuthenticate:
				if logins.Add(1) == 1 {
					return new(message).int16(0).int16(-1).blob(nil).int64(1).answer() // for a millisecond
				}
				return new(message).int16(58).str("who is evenkeel:secret?").blob(nil).int64(0).answer()
			case keyListGroups:
				return new(message).int16(0).int32(0).answer()
			default:
				return noTopics()
			}
		})
		c, _ := newLoginClient(t)
		ctx := within(t)
		err := call(ctx, c, f.node(5))
		for err == nil && ctx.Err() == nil {
			err = call(ctx, c, f.node(5)) // until the login's time is over
		}
		if f.connections() != 1 || logins.Load() != 2 {
			t.Errorf("%s: %d logins over %d connections, want a renewal", name, logins.Load(), f.connections())
		}
		if err == nil || strings.Contains(err.Error(), "secret?") || !strings.Contains(err.Error(), "refused (") || Status(err) != cluster.BrokerAuthError {
			t.Errorf("%s: %v (%s)", name, err, Status(err))
		}
	}
}

// A mere code says nothing but our own words, of which one may be a poor password.
func TestCodesAreNotConcealed(t *testing.T) {
	conf := sarama.NewConfig()
	conf.Net.SASL.Password = "kafka"
	l := &link{conf: conf}
	for _, err := range []error{nil, sarama.ErrNotController, fmt.Errorf("%w", sarama.ErrClusterAuthorizationFailed)} {
		if got := l.discreet(err); !errors.Is(got, err) || fmt.Sprint(got) != fmt.Sprint(err) {
			t.Errorf("%v became %v", err, got)
		}
	}
	told := sarama.Wrap(sarama.ErrClusterAuthorizationFailed, errors.New("kafka is no password"))
	if got := l.discreet(told); strings.Contains(got.Error(), "no password") || !isPermission(got) {
		t.Errorf("%v", got)
	}
	if got := new(link).discreet(told); got.Error() != told.Error() {
		t.Errorf("without a login: %v", got)
	}
}

// What a broker says of any request passes for its own words, and may repeat a login as well.
func TestRefusedRequestDoesNotRepeatSecrets(t *testing.T) {
	f := newFake(t, func(r received) answer {
		switch r.key {
		case keyAPIVersions:
			return versions(map[int16]int16{keyReassignments: 0, keySaslHandshake: 1, keySaslAuthenticate: 1})
		case keyReassignments: // tagged fields; throttle time; error, message; topics; tagged fields
			return new(message).int8(0).int32(0).int16(31).compact("evenkeel:secret may not").int8(1).int8(0).answer()
		default:
			return saslAnswer(r, 0)
		}
	})
	c, _ := newLoginClient(t)
	_, err := c.Reassignments(within(t), f.node(5))
	if err == nil || strings.Contains(err.Error(), ":secret") || !isPermission(err) {
		t.Errorf("%v", err)
	}
}

// A token that was replaced may still be good.
func TestTokensOfLate(t *testing.T) {
	var given int
	p := &tokenProvider{first: "token-0", tokens: newTokenCache(func(context.Context) (token, error) {
		given++
		return token{text: fmt.Sprint("token-", given), expires: time.Now().Add(-time.Second)}, nil
	})}
	for range 3 {
		if _, err := p.Token(); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := p.lately(), []string{"token-2", "token-1"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestBrokenKeytabIsNotRepeated: its bytes are keys.
func TestBrokenKeytabIsNotRepeated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keytab")
	if err := os.WriteFile(path, []byte("\x05\x02hunter2-hunter2-hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := checkKeytab(path); err == nil || strings.Contains(err.Error(), "hunter") {
		t.Errorf("%v", err)
	}
	if err := checkKeytab(path + ".none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}
