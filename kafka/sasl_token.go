package kafka

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

const (
	// tokenTimeout is the most that one token may take, unless the call that wants
	// it has even less time.
	tokenTimeout = 5 * time.Second

	// tokenPause is the time for which a failure to get a token is told again
	// without another try: the connections to all brokers want one at once.
	tokenPause = 5 * time.Second

	// tokenLife is for how long a token is used that was given out without saying
	// how long it is valid.
	tokenLife = time.Minute
)

// token is a bearer token, and until when it is valid. The zero time stands for
// not told.
type token struct {
	text    string
	expires time.Time
}

// tokenCache gets tokens one at a time, and keeps the last one while it is good.
type tokenCache struct {
	fetch func(context.Context) (token, error) // never called twice at once

	turn  chan struct{} // holds one while somebody looks at what follows
	text  string
	err   error
	until time.Time // text or err stand until then
}

func newTokenCache(fetch func(context.Context) (token, error)) *tokenCache {
	return &tokenCache{fetch: fetch, turn: make(chan struct{}, 1)}
}

// get returns a token that is good for a while, before ctx ends.
func (c *tokenCache) get(ctx context.Context) (string, error) {
	ctx, cancel := withinShare(ctx)
	defer cancel()
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return "", fmt.Errorf("waiting for the token that another connection is asking for: %w", ctx.Err())
	}
	if time.Now().Before(c.until) {
		return c.text, c.err
	}
	now := time.Now()
	fetched, err := c.fetch(ctx)
	if err != nil {
		if ctx.Err() == nil {
			c.text, c.err, c.until = "", err, time.Now().Add(tokenPause)
		}
		return "", err
	}
	life := tokenLife
	if !fetched.expires.IsZero() {
		// Java's clients, too, renew a token after 80 % of its life: brokers end a
		// connection with the token, and ask for the next one after 85 % at most.
		life = fetched.expires.Sub(now) * 4 / 5
	}
	c.text, c.err, c.until = fetched.text, nil, now.Add(life)
	return c.text, nil
}

// withinShare leaves a token less time than its call has, so that it is the token
// that is told to be late, and not the broker.
func withinShare(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := tokenTimeout
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)*3/4)
	}
	return context.WithTimeout(ctx, limit)
}

// tokenLogin is a login by bearer token (RFC 7628).
func tokenLogin(tokens *tokenCache, extensions map[string]string) Login {
	return func(ctx context.Context, conf *sarama.Config) error {
		text, err := tokens.get(ctx)
		if err != nil {
			return err
		}
		conf.Net.SASL.Mechanism = sarama.SASLTypeOAuth
		conf.Net.SASL.TokenProvider = &tokenProvider{first: text, tokens: tokens, extensions: extensions}
		return nil
	}
}

// tokenProvider gives sarama the tokens of one connection.
type tokenProvider struct {
	tokens     *tokenCache
	extensions map[string]string

	mu     sync.Mutex
	first  string // "" once it was used
	given  string // the last one; "" for none
	before string // the one before, which may still be good
}

// Token returns the token of the login, and after that, when sarama renews the
// login of a connection in use, one that is good then. It has no context: the call
// on whose behalf it renews has its own deadline, and is abandoned if it must be.
func (p *tokenProvider) Token() (*sarama.AccessToken, error) {
	p.mu.Lock()
	text := p.first
	p.first = ""
	p.mu.Unlock()
	if text == "" {
		var err error
		if text, err = p.tokens.get(context.Background()); err != nil {
			return nil, fmt.Errorf("renewing the login: %w", err)
		}
	}
	p.mu.Lock()
	if p.given != text {
		p.before, p.given = p.given, text
	}
	p.mu.Unlock()
	return &sarama.AccessToken{Token: text, Extensions: p.extensions}, nil
}

// lately returns the tokens that may still be good; "" for none.
func (p *tokenProvider) lately() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return []string{p.given, p.before}
}
