package testbed

import (
	"testing"

	"go.uber.org/goleak"
)

// verifyNoLeak fails if a goroutine is left that somebody should have ended.
func verifyNoLeak(t *testing.T) {
	t.Helper()
	goleak.VerifyNone(t,
		goleak.IgnoreAnyFunction(SpawnerFunction),
		// sarama's metrics tick as long as the program runs, and its producer's
		// circuit breaker sleeps for some seconds after the producer is closed.
		goleak.IgnoreAnyFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"),
		goleak.IgnoreAnyFunction("github.com/eapache/go-resiliency/breaker.(*Breaker).timer"),
	)
}
