package zookeeper

import (
	"io"
	"strings"
	"testing"

	"github.com/evenkeel/evenkeel/cluster"
)

// TestReadOnlyServerIsNotTakenForAServingOne holds that the request for a session
// never says that a read-only server will do, so that one refuses it: a request of
// 44 bytes has no such flag at its end.
func TestReadOnlyServerIsNotTakenForAServingOne(t *testing.T) {
	t.Parallel()
	z := newFakeZooKeeper(t)
	z.set("/a", "remembered")
	z.readOnly = true
	s := newTestSession(t, SessionOptions{}, z)
	if _, err := s.get(within(t), "/a"); Reason(err) != string(cluster.ServerNotServing) {
		t.Errorf("error %v", err)
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	if len(z.hello) != 44 {
		t.Errorf("the request for a session has %d bytes, want the 44 without a flag", len(z.hello))
	}
}

// A server that gives what was not asked for is refused all the same.
func TestReadOnlySessionIsRefused(t *testing.T) {
	_, err := io.ReadAll(newTestSocket(t, func(w io.Writer) {
		answer := greeting(1000, 7)
		answer[len(answer)-1] = 1
		writeFrame(w, answer)
	}))
	if err == nil || !strings.Contains(err.Error(), "read-only") || Reason(err) != string(cluster.ServerNotServing) {
		t.Errorf("error %v", err)
	}
}
