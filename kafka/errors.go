package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/IBM/sarama"
)

// ErrAbandoned says that a call to the broker did not come back although its
// socket was closed. Until it does, no further call is made on that connection.
var ErrAbandoned = errors.New("a call to it still hangs after its socket was closed")

// errClosed is the error of calls on a closed Client.
var errClosed = errors.New("the client is closed")

// timeoutError says that the deadline of a call passed.
type timeoutError struct{ after time.Duration }

func (e *timeoutError) Error() string {
	return fmt.Sprintf("no answer within %v", e.after.Round(time.Millisecond))
}

// Timeout marks the error as a timeout, as net.Error does.
func (e *timeoutError) Timeout() bool { return true }

func (e *timeoutError) Unwrap() error { return context.DeadlineExceeded }

// panicError is a panic in the decoding of an answer.
type panicError struct{ reason any }

func (e *panicError) Error() string {
	return fmt.Sprintf("the answer made the Kafka client panic: %v", e.reason)
}

// openError is an error of a request that was sent while a connection was being
// opened.
type openError struct {
	doing string
	err   error
}

func (e *openError) Error() string { return e.doing + ": " + e.err.Error() }
func (e *openError) Unwrap() error { return e.err }

// groupError is why one group of several cannot be told of. Its text is made when it is
// wanted: hundreds of groups may have the same trouble.
type groupError struct {
	node  Node
	group string
	err   error
}

func (e *groupError) Error() string { return fmt.Sprintf("%s: group %q: %v", e.node, e.group, e.err) }
func (e *groupError) Unwrap() error { return e.err }

// explain says what went wrong in words that help. Once the context has ended,
// the socket was closed by us, and what sarama says of that is not the cause.
func explain(ctx context.Context, doing string, started time.Time, err error) error {
	var opening *openError
	if errors.As(err, &opening) {
		doing, err = opening.doing, opening.err
	}
	switch {
	case err == nil:
		return nil
	case isDial(err):
		return err // it names the address and the cause
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("%s: %w", doing, &timeoutError{after: time.Since(started)})
	case ctx.Err() != nil:
		return fmt.Errorf("%s: given up: %w", doing, ctx.Err())
	case closedByPeer(err) && !isTLS(err) && !isLoginFailure(err):
		return fmt.Errorf("%s: the connection was closed before the answer: %w", doing, err)
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
}

// closedByPeer says whether the other side ended the connection.
func closedByPeer(err error) bool {
	for _, end := range []error{
		io.EOF, io.ErrUnexpectedEOF, net.ErrClosed,
		syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE,
	} {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}

// answered says whether a call ended with the broker's answer. An error code is
// one, and one that the broker does not know was not sent: the connection is none the
// worse for either.
func answered(err error) bool {
	var code sarama.KError
	var unknown *unknownError
	return err == nil || errors.As(err, &code) || errors.As(err, &unknown)
}
