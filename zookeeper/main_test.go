package zookeeper

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/evenkeel/evenkeel/testbed"
)

// The goroutines that are let be, as long as the tests run, start the processes of real
// servers, and tick for the metrics of the client that makes topics on them.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(testbed.SpawnerFunction),
		goleak.IgnoreAnyFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
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
