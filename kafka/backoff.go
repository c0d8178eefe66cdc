package kafka

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// The time between logins to a broker that refuses them, so that a wrong password
// neither floods its log nor locks an account.
const (
	firstBackoff = 15 * time.Second
	lastBackoff  = 2 * time.Minute
)

// backoff keeps from logging in again too soon. Its zero value lets everything
// through.
type backoff struct {
	mu    sync.Mutex
	last  error // the failure that is being waited for; nil when there is none
	wait  time.Duration
	until time.Time
}

// heldError is a login failure that is told again, without another try.
type heldError struct {
	err   error
	until time.Time
}

func (e *heldError) Error() string {
	return fmt.Sprintf("%v; not tried again before %s", e.err, e.until.Format(time.TimeOnly))
}

func (e *heldError) Unwrap() error { return e.err }

// check returns the last failure while it is too soon for another login.
func (b *backoff) check(now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last == nil || !now.Before(b.until) {
		return nil
	}
	return &heldError{err: b.last, until: b.until}
}

// note takes the end of a call into account. Failures of calls that were on their
// way side by side count as one.
func (b *backoff) note(err error, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case isLoginFailure(err):
		if b.last != nil && now.Before(b.until) {
			return
		}
		b.wait = min(max(2*b.wait, firstBackoff), lastBackoff)
		if !refused(err) {
			b.wait = firstBackoff
		}
		b.last, b.until = err, now.Add(jitter(b.wait))
	case answered(err):
		b.last, b.wait = nil, 0
	}
}

// refused says whether the broker itself refused the login, in so many words. Where
// our own credentials could not be had, or the broker hung up, which it also does when
// it is being stopped, waiting ever longer protects nobody.
func refused(err error) bool {
	var credentials *credentialsError
	return !errors.As(err, &credentials) && !closedByPeer(err)
}

// jitter spreads a time by a fifth to either side, so that the brokers of a cluster
// are not all tried in the same moment.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}
