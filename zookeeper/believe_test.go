package zookeeper

import (
	"encoding/binary"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/evenkeel/evenkeel/cluster"
)

// TestAnnouncedGigabytesAreNotAllocated has a server announce billions of children,
// or of bytes, in answers of a few.
func TestAnnouncedGigabytesAreNotAllocated(t *testing.T) {
	for name, c := range map[string]struct {
		op    int32
		size  int
		count uint32
		bad   bool
	}{
		"children":             {opChildren, 88, 1 << 31, true},
		"children, null":       {opChildren, 88, 1<<32 - 1, true},
		"children like a stat": {opChildren, statFrame, 1 << 19, true},
		"too many children":    {opChildren, 88, 18, true},
		"no children":          {opChildren, 88, 0, false},
		"data":                 {opGetData, 88, 1<<31 - 1, true},
		"data like a stat":     {opGetData, statFrame, 1<<31 - 1, true},
		"no data":              {opGetData, 88, 1<<32 - 1, false},
		"a stat":               {opExists, statFrame, 700, false},
		"no body":              {opExists, minFrame, 0, false},
	} {
		answer := make([]byte, c.size)
		binary.BigEndian.PutUint32(answer, 7)
		if c.size >= counted {
			binary.BigEndian.PutUint32(answer[minFrame:], c.count)
		}
		s := newTestSocket(t, func(w io.Writer) {
			writeFrame(w, greeting(1000, 7))
			writeFrame(w, answer)
		})
		s.out.sending = true // nobody is there to take the request
		var request jute
		request.int32(20).int32(7).int32(c.op).bytes([]byte("/a/b/c/"))
		if err := s.out.post(nil, append(request, 0), nil); err != nil {
			t.Fatal(err)
		}
		_, err := io.ReadAll(s)
		if c.bad != (err != nil) || c.bad && (Reason(err) != string(cluster.ServerBadReply) || !strings.Contains(err.Error(), "announces")) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// TestHostileChildren has a whole session with a server that announces four billion
// children: the call fails with a name, and memory does not grow.
func TestHostileChildren(t *testing.T) {
	z, s := newKafka(t)
	z.hostile = true
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := s.list(within(t), idsPath)
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), z.name()) || Reason(err) != string(cluster.ServerBadReply) {
		t.Errorf("error %v, reason %s", err, Reason(err))
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 {
		t.Errorf("%d bytes were allocated", grown)
	}
}
