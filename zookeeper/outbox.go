package zookeeper

import (
	"encoding/binary"
	"net"
	"runtime"
	"sync"
	"time"
)

// sendTimeout is the time that a server has to take what was posted.
const sendTimeout = 5 * time.Second

// outbox sends requests, those together that come while others are being sent: the
// library writes each by itself, and of many thousands the system calls would be the
// greatest cost, here and at the server. Nothing waits for more to come. As many
// requests wait as are under way, which callers bound.
type outbox struct {
	mu      sync.Mutex
	waiting []byte
	spare   []byte           // for what comes while waiting is being sent
	special map[int32]uint32 // operations whose answers are looked into, by xid, until answered
	sending bool
	err     error
}

// post takes a request, arming its watch. An error is that of earlier ones; the
// connection is closed then, which fails whoever waits for their answers.
func (o *outbox) post(conn net.Conn, request []byte, watched *watchList) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return o.err
	}
	begin := len(o.waiting)
	o.waiting = append(o.waiting, request...)
	watched.arm(o.waiting[begin:])
	o.remember(request)
	if !o.sending {
		o.sending = true
		go o.send(conn)
	}
	return nil
}

// remember keeps what was asked for where the answer has to be looked into. The lock is
// held.
func (o *outbox) remember(request []byte) {
	if len(request) < watchable {
		return
	}
	switch op := binary.BigEndian.Uint32(request[8:]); op {
	case getChildrenOp, multiOp:
		if o.special == nil {
			o.special = make(map[int32]uint32)
		}
		o.special[int32(binary.BigEndian.Uint32(request[4:]))] = op
	}
}

// answered returns the operation that the answer which came is to, 0 for one that was not
// remembered.
func (o *outbox) answered(xid int32) uint32 {
	o.mu.Lock()
	defer o.mu.Unlock()
	op := o.special[xid]
	delete(o.special, xid)
	return op
}

// send sends what waits until nothing does.
func (o *outbox) send(conn net.Conn) {
	runtime.Gosched()
	for batch := o.take(nil); batch != nil; batch = o.take(batch) {
		err := conn.SetWriteDeadline(time.Now().Add(sendTimeout))
		if err == nil {
			_, err = conn.Write(batch)
		}
		if err != nil {
			o.fail(err)
			_ = conn.Close()
			return
		}
	}
}

// take returns what waits, nil when nothing does, and keeps the batch sent before
// for its memory.
func (o *outbox) take(sent []byte) []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	if sent != nil {
		o.spare = sent[:0]
	}
	if len(o.waiting) == 0 {
		o.sending = false
		return nil
	}
	batch := o.waiting
	o.waiting = o.spare
	o.spare = nil
	return batch
}

func (o *outbox) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.err = err
}
