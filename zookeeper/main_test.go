package zookeeper

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/evenkeel/evenkeel/testbed"
)

// The goroutine that is let be starts the processes of real servers, as long as the
// tests run.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(testbed.SpawnerFunction))
}

// eventually waits until ok says yes, and fails the test when it never does.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}
