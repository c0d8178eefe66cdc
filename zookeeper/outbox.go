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
	spare   []byte         // for what comes while waiting is being sent
	listing map[int32]bool // xids of requests for children that were not answered
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
	if len(request) >= watchable && binary.BigEndian.Uint32(request[8:]) == getChildrenOp {
		if o.listing == nil {
			o.listing = make(map[int32]bool)
		}
		o.listing[int32(binary.BigEndian.Uint32(request[4:]))] = true
	}
	if !o.sending {
		o.sending = true
		go o.send(conn)
	}
	return nil
}

// lists says whether the answer that came is to a request for children.
func (o *outbox) lists(xid int32) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.listing[xid] {
		return false
	}
	delete(o.listing, xid)
	return true
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
