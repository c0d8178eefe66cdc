package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// mint gives out tokens that tell their number, or fails.
type mint struct {
	life  time.Duration // 0: not told
	fails error
	asked int
}

func (m *mint) fetch(context.Context) (token, error) {
	m.asked++
	if m.fails != nil {
		return token{}, m.fails
	}
	got := token{text: fmt.Sprint("token ", m.asked)}
	if m.life != 0 {
		got.expires = time.Now().Add(m.life)
	}
	return got, nil
}

func wantToken(t *testing.T, c *tokenCache, want string) {
	t.Helper()
	if got, err := c.get(t.Context()); err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestTokenIsRenewedBeforeItExpires(t *testing.T) {
	for life, kept := range map[time.Duration]time.Duration{10 * time.Minute: 8 * time.Minute, 0: time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			m := &mint{life: life}
			c := newTokenCache(m.fetch)
			wantToken(t, c, "token 1")
			time.Sleep(kept - time.Second)
			wantToken(t, c, "token 1")
			time.Sleep(time.Second)
			wantToken(t, c, "token 2")
		})
	}
}

func TestTokenThatHasExpiredIsNotKept(t *testing.T) {
	m := &mint{life: -time.Second}
	c := newTokenCache(m.fetch)
	wantToken(t, c, "token 1")
	wantToken(t, c, "token 2")
}

func TestFailedTokenIsNotAskedForAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mint{life: time.Hour, fails: errors.New("closed for lunch")}
		c := newTokenCache(m.fetch)
		for range 10 {
			if _, err := c.get(t.Context()); !errors.Is(err, m.fails) {
				t.Errorf("got %v", err)
			}
		}
		if m.asked != 1 {
			t.Errorf("asked %d times", m.asked)
		}
		m.fails = nil
		time.Sleep(tokenPause)
		wantToken(t, c, "token 2")
	})
}

// Many connections want a token at once, and one request is made.
func TestTokenIsAskedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mint{life: time.Hour}
		c := newTokenCache(func(ctx context.Context) (token, error) {
			time.Sleep(time.Second)
			return m.fetch(ctx)
		})
		for range 20 {
			go wantToken(t, c, "token 1")
		}
		synctest.Wait()
		time.Sleep(time.Second)
		synctest.Wait()
		if m.asked != 1 {
			t.Errorf("asked %d times", m.asked)
		}
	})
}

// An endpoint that hangs holds nobody longer than three quarters of what their call
// has, and is not to blame for whoever only waited.
func TestTokenEndsWithTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		c := newTokenCache(func(ctx context.Context) (token, error) {
			if asked++; asked > 1 {
				return token{text: "token"}, nil
			}
			<-ctx.Done()
			return token{}, ctx.Err()
		})
		begun := time.Now()
		go func() {
			if _, err := c.get(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the one that asks: %v", err)
			}
			if took := time.Since(begun); took != tokenTimeout {
				t.Errorf("the one that asks took %v", took)
			}
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err := c.get(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "waiting for the token") || time.Since(begun) != 1500*time.Millisecond {
			t.Errorf("the one that waits, after %v: %v", time.Since(begun), err)
		}
		wantToken(t, c, "token") // it waits for its turn, and a late token leaves no failure behind
	})
}

func TestProviderRenews(t *testing.T) {
	m := &mint{life: -time.Second}
	p := &tokenProvider{first: "token of the login", tokens: newTokenCache(m.fetch), extensions: map[string]string{"a": "b"}}
	for _, want := range []string{"token of the login", "token 1", "token 2"} {
		if got, err := p.Token(); err != nil || got.Token != want || got.Extensions["a"] != "b" {
			t.Errorf("got %+v, %v, want %q", got, err, want)
		}
	}
	m.fails = errors.New("closed for lunch")
	if _, err := p.Token(); !errors.Is(err, m.fails) || !strings.HasPrefix(err.Error(), "renewing the login: ") {
		t.Errorf("got %v", err)
	}
}
