package zookeeper

import (
	"errors"
	"io"
	"slices"
	"testing"
)

// result is a part of an answer to a transaction.
func (j *jute) result(op int32, end byte, code int32) *jute {
	*j = append(*j.int32(op), end)
	return j.int32(code)
}

// transaction is an answer as the server gives it.
func transaction() jute {
	var j jute
	j.result(checkOp, 0, 0).result(checkOp, 0, 0)
	j.result(createOp, 0, 0).bytes([]byte("/admin/preferred_replica_election"))
	j.result(failedOp, 0, -103).int32(-103)
	return *j.result(-1, 1, -1)
}

// The library panics on a transaction's answer that breaks off in the wrong place, in a
// goroutine of its own.
func TestAnswersToTransactionsThatAreNone(t *testing.T) {
	whole := transaction()
	if err := checkMulti(whole); err != nil {
		t.Error(err)
	}
	bodies := map[string][]byte{"longer": append(slices.Clone(whole), 0)}
	for n := range whole {
		bodies["the first "+string(rune('0'+n%10))+" of"] = whole[:n]
		if err := checkMulti(whole[:n]); !errors.Is(err, errBadReply) {
			t.Errorf("the first %d bytes: %v", n, err)
		}
	}
	for name, op := range map[string]int32{"a deletion": 2, "no operation": 99, "a negative one": -2} {
		var j jute
		j.result(op, 0, 0)
		bodies[name] = *j.result(-1, 1, -1)
	}
	for name, size := range map[string]int32{"a path of gigabytes": 1 << 30, "a null path": -1, "a path below null": -5} {
		var j jute
		j.result(createOp, 0, 0).int32(size)
		bodies[name] = *j.result(-1, 1, -1)
	}
	for name, body := range bodies {
		if err := checkMulti(body); !errors.Is(err, errBadReply) {
			t.Errorf("%s: %v", name, err)
		}
		s := newTestSocket(t, func(w io.Writer) {
			var frame jute
			frame.int32(7).int64(1).int32(0)
			writeFrame(w, greeting(1000, 7))
			writeFrame(w, append(frame, body...))
		})
		s.out.special = map[int32]uint32{7: multiOp}
		if got, err := io.ReadAll(s); !errors.Is(err, errBadReply) || len(got) > 4+len(greeting(1000, 7))+4 {
			t.Errorf("%s: %d bytes are handed over, %v", name, len(got), err)
		}
	}
}

// What is well-formed is handed over to the last byte, and so is what follows.
func TestAnswersToTransactionsAreHandedOver(t *testing.T) {
	var frame, refusal jute
	frame.int32(7).int64(1).int32(0)
	frame = append(frame, transaction()...)
	refusal.int32(8).int64(1).int32(-118)
	var want []byte
	for _, f := range [][]byte{greeting(1000, 7), frame, refusal, frame} {
		var j jute
		want = append(append(want, *j.int32(int32(len(f)))...), f...)
	}
	s := newTestSocket(t, func(w io.Writer) { _, _ = w.Write(want) })
	s.out.special = map[int32]uint32{7: multiOp, 8: multiOp}
	if got, err := io.ReadAll(s); err != nil || !slices.Equal(got, want) {
		t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
	}
	if len(s.out.special) != 0 {
		t.Errorf("kept %v", s.out.special)
	}
}

func FuzzMulti(f *testing.F) {
	f.Add([]byte(transaction()))
	f.Add([]byte(transaction()[:9]))
	f.Fuzz(func(t *testing.T, body []byte) {
		err := checkMulti(body)
		if err != nil {
			if !errors.Is(err, errBadReply) || len(err.Error()) > 400 {
				t.Errorf("error %v", err)
			}
			return
		}
		// The library must find the end where we did, and nothing behind it.
		if len(body) < multiHeader || body[len(body)-5] == 0 {
			t.Errorf("% x has no end", body)
		}
	})
}
