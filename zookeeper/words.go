package zookeeper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// maxReply is the longest reply to a four-letter word that is read. The longest
// true one, mntr of ZooKeeper 3.9, has about 20 kB.
const maxReply = 1 << 20

// DialFunc opens a connection to host:port, for TLS with the handshake done. It
// resolves the name at each call, and returns by the end of the context.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

var defaultDial DialFunc = new(net.Dialer).DialContext

// ask sends a four-letter word to a server and returns the whole reply, which the
// server ends by closing the connection, and the IP:port that it came from.
func ask(ctx context.Context, dial DialFunc, server, word string) (reply []byte, address string, err error) {
	conn, err := dial(ctx, "tcp", server)
	if err != nil {
		return nil, "", dialed(err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()

	// Four bytes and no newline: old servers close the connection with a reset
	// when input is left over, and a reset may take the reply with it.
	if _, err = io.WriteString(conn, word); err == nil {
		reply, err = io.ReadAll(io.LimitReader(conn, maxReply+1))
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil // a TLS server that closes without a word, as a plain one always does
	}
	if len(reply) > 0 {
		address = conn.RemoteAddr().String()
	}
	switch {
	case isAlert(reply):
		return nil, address, errWantsTLS
	case len(reply) > maxReply:
		return nil, address, fmt.Errorf("%w: longer than %d bytes", errBadReply, maxReply)
	case err != nil && ctx.Err() != nil:
		return nil, address, fmt.Errorf("no answer in time (is it frozen, or does the port want TLS?): %w", ctx.Err())
	case err != nil && len(reply) > 0:
		return nil, address, fmt.Errorf("%w: cut short after %d bytes: %w", errBadReply, len(reply), err)
	case err != nil:
		return nil, "", err
	case len(reply) == 0:
		return nil, "", fmt.Errorf("connection closed without an answer: %w", io.EOF)
	}
	return reply, address, refusal(reply)
}

// refusal returns an error when the server understood the word and says that it
// does not carry it out. Both refusals end like any good reply, so only the text
// tells.
func refusal(reply []byte) error {
	switch {
	case bytes.HasPrefix(reply, []byte("This ZooKeeper instance is not currently serving requests")):
		return errNotServing
	case bytes.Contains(reply[:min(len(reply), 128)], []byte("is not executed because it is not in the whitelist")):
		return errNotAllowed
	default:
		return nil
	}
}

// lines calls yield with every complete line of a reply. A last line without its
// end may be half a line, and half a number is a wrong one.
func lines(reply []byte) func(yield func(line string) bool) {
	return func(yield func(string) bool) {
		for {
			line, rest, complete := bytes.Cut(reply, []byte("\n"))
			if !complete || !yield(string(bytes.TrimRight(line, "\r"))) {
				return
			}
			reply = rest
		}
	}
}
