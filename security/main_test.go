package security

import (
	"testing"

	"go.uber.org/goleak"
)

// No connection may leave a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
