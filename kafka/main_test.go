package kafka

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/evenkeel/evenkeel/testbed"
)

// No test may leave a goroutine: neither one of ours nor one of sarama's.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(testbed.SpawnerFunction))
}
