package zookeeper

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

const secret = "s3cret"

// digest returns an AuthFunc with a password that may be changed.
func digest(password *atomic.Value) AuthFunc {
	return func() (string, []byte, error) { return "digest", []byte("watcher:" + password.Load().(string)), nil }
}

func passwordOf(text string) *atomic.Value {
	var password atomic.Value
	password.Store(text)
	return &password
}

func (z *fakeZooKeeper) heardAuths() []string {
	z.mu.Lock()
	defer z.mu.Unlock()
	return slices.Clone(z.auths)
}

func TestEveryConnectionIsAuthenticatedAnew(t *testing.T) {
	t.Parallel()
	z := newFakeZooKeeper(t)
	z.set("/a", "one")
	password := passwordOf(secret)
	s := newTestSession(t, SessionOptions{Auth: digest(password)}, z)
	mustGet(t, s, "/a", "one")
	mustGet(t, s, "/a", "one")
	password.Store("rotated")
	z.dropAll()
	mustGet(t, s, "/a", "one")
	z.expire()
	mustGet(t, s, "/a", "one")
	want := []string{"digest watcher:" + secret, "digest watcher:rotated", "digest watcher:rotated"}
	if got := z.heardAuths(); !slices.Equal(got, want) {
		t.Errorf("credentials %q, want %q", got, want)
	}
}

// TestDeniedCredentials holds that a denial is one clear error without the secret,
// that it is not repeated in a storm, and that other credentials are tried at once.
func TestDeniedCredentials(t *testing.T) {
	t.Parallel()
	z := newFakeZooKeeper(t)
	z.set("/a", "one")
	z.admit = func(credentials string) bool { return credentials == "watcher:right" }
	password := passwordOf(secret)
	s := newTestSession(t, SessionOptions{Auth: digest(password)}, z)
	for range 3 {
		_, err := s.get(within(t), "/a")
		if Reason(err) != cluster.ReasonPermission || !strings.Contains(err.Error(), z.name()) || !strings.Contains(err.Error(), "denies the credentials") {
			t.Fatalf("reason %s, error %v", Reason(err), err)
		}
		if strings.Contains(err.Error(), secret) {
			t.Fatalf("the error tells the secret: %v", err)
		}
	}
	if got := z.heardAuths(); len(got) != 1 {
		t.Errorf("the same credentials were sent %d times", len(got))
	}
	password.Store("right")
	eventually(t, "the right password is let in", func() bool {
		_, err := s.get(within(t), "/a")
		return err == nil
	})
}

func TestDenialIsForgottenAfterAPause(t *testing.T) {
	a := authenticator{ask: digest(passwordOf(secret))}
	request, err := a.request("zk1:2181")
	if err != nil {
		t.Fatal(err)
	}
	denied := errors.New("denied")
	a.deny("zk1:2181", request, denied)
	if _, err := a.request("zk1:2181"); !errors.Is(err, denied) {
		t.Errorf("error %v right after a denial", err)
	}
	if _, err := a.request("zk2:2181"); err != nil {
		t.Errorf("another server is held back as well: %v", err)
	}
	d := a.denied["zk1:2181"]
	d.at = d.at.Add(-deniedPause - time.Second)
	a.denied["zk1:2181"] = d
	if again, err := a.request("zk1:2181"); err != nil || !slices.Equal(again, request) {
		t.Errorf("after the pause: %v", err)
	}
}

// TestCredentialsThatCannotBeRead holds that nothing is asked of a server then.
func TestCredentialsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	z := newFakeZooKeeper(t)
	s := newTestSession(t, SessionOptions{Auth: func() (string, []byte, error) { return "", nil, fs.ErrNotExist }}, z)
	_, err := s.get(within(t), "/a")
	if !errors.Is(err, fs.ErrNotExist) || Reason(err) != cluster.ReasonPermission {
		t.Errorf("reason %s, error %v", Reason(err), err)
	}
	if greeted, _, _ := z.counts(); greeted != 0 {
		t.Errorf("%d sessions were asked for", greeted)
	}
}
