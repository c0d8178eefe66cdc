package kafka

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/evenkeel/evenkeel/cluster"
)

// logged builds a message as it stands in a log. A nil value is null.
func logged(magic int8, offset int64, attributes int8, key, value []byte) []byte {
	m := new(message).int32(7).int8(magic).int8(attributes)
	if magic > 0 {
		m.int64(1700000000000)
	}
	for _, blob := range [][]byte{key, value} {
		if blob == nil {
			m.int32(-1)
		} else {
			m.blob(blob)
		}
	}
	return append(new(message).int64(offset).int32(int32(m.Len())).Bytes(), m.Bytes()...)
}

// commitKey builds a key of a version.
func commitKey(version int16, group, topic string, partition int32) []byte {
	return new(message).int16(version).str(group).str(topic).int32(partition).Bytes()
}

// gzipped compresses messages.
func gzipped(messages ...[]byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(slices.Concat(messages...)) // which fails only where b does
	_ = z.Close()
	return b.Bytes()
}

var committed = []byte("what was committed")

func TestScanKeys(t *testing.T) {
	billing := CommitKey{Group: "billing", Topic: "orders", Partition: 3}
	gone := billing
	gone.Gone = true
	other := CommitKey{Group: "приём", Topic: "bills"}
	key, otherKey := commitKey(1, "billing", "orders", 3), commitKey(0, "приём", "bills", 0)
	whole := logged(1, 5, 0, key, committed)
	huge := logged(1, 5, 0, key, make([]byte, 2*mostFetched))
	for _, tt := range []struct {
		name   string
		set    []byte
		next   int64
		unread int
		want   []CommitKey
		err    error
	}{
		{name: "nothing", next: 5},
		{name: "magic 0", set: logged(0, 5, 0, key, committed), next: 6, want: []CommitKey{billing}},
		{name: "magic 1", set: whole, next: 6, want: []CommitKey{billing}},
		{name: "magic 2", set: logged(2, 5, 0, key, committed), next: 6, unread: 1},
		{name: "a tombstone", set: logged(1, 5, 0, key, nil), next: 6, want: []CommitKey{gone}},
		{name: "compacted", set: slices.Concat(whole, logged(0, 90, 0, otherKey, committed)), next: 91, want: []CommitKey{billing, other}},
		{name: "gone at last", set: slices.Concat(whole, logged(1, 6, 0, key, nil)), next: 7, want: []CommitKey{gone}},
		{name: "there again", set: slices.Concat(logged(1, 5, 0, key, nil), logged(1, 6, 0, key, committed)), next: 7, want: []CommitKey{billing}},
		{name: "members of a group", set: logged(1, 5, 0, new(message).int16(2).str("billing").Bytes(), committed), next: 6},
		{name: "a key to come", set: logged(1, 5, 0, new(message).int16(3).str("billing").Bytes(), committed), next: 6, unread: 1},
		{name: "no key", set: logged(1, 5, 0, nil, committed), next: 6, unread: 1},
		{name: "an empty key", set: logged(1, 5, 0, []byte{}, committed), next: 6, unread: 1},
		{name: "half a key", set: logged(1, 5, 0, key[:len(key)-1], committed), next: 6, unread: 1},
		{name: "more than a key", set: logged(1, 5, 0, append(key[:len(key):len(key)], 0), committed), next: 6, unread: 1},
		{name: "no group", set: logged(1, 5, 0, commitKey(1, "", "orders", 3), committed), next: 6, unread: 1},
		{name: "no group's name", set: logged(1, 5, 0, commitKey(1, "a\x00", "orders", 3), committed), next: 6, unread: 1},
		{name: "no text", set: logged(1, 5, 0, commitKey(1, "a\xff", "orders", 3), committed), next: 6, unread: 1},
		{name: "no topic's name", set: logged(1, 5, 0, commitKey(1, "billing", "or ders", 3), committed), next: 6, unread: 1},
		{name: "no partition", set: logged(1, 5, 0, commitKey(1, "billing", "orders", -3), committed), next: 6, unread: 1},
		{name: "gzip", set: logged(1, 6, 1, nil, gzipped(logged(1, 0, 0, key, committed), logged(1, 1, 0, otherKey, nil))), next: 7,
			want: []CommitKey{billing, {Group: other.Group, Topic: other.Topic, Gone: true}}},
		{name: "gzip in gzip", set: logged(0, 6, 1, nil, gzipped(logged(0, 6, 1, nil, gzipped(whole)))), next: 7, unread: 1},
		{name: "gzip of half a message", set: logged(0, 6, 1, nil, gzipped(whole, whole[:20])), next: 7, unread: 1, want: []CommitKey{billing}},
		{name: "half of a gzip", set: logged(0, 6, 1, nil, gzipped(whole)[:20]), next: 7, unread: 1},
		{name: "no gzip", set: slices.Concat(logged(0, 6, 1, nil, []byte("rubbish")), logged(0, 7, 0, key, committed)), next: 8, unread: 1, want: []CommitKey{billing}},
		{name: "null gzip", set: logged(0, 6, 1, nil, nil), next: 7, unread: 1},
		{name: "snappy", set: logged(0, 6, 2, nil, committed), next: 7, unread: 1},
		{name: "cut in the second", set: append(slices.Clone(whole), whole[:len(whole)-1]...), next: 6, want: []CommitKey{billing}},
		{name: "cut in the second's length", set: append(slices.Clone(whole), whole[:leastMessage-1]...), next: 6, want: []CommitKey{billing}},
		{name: "larger than all that is read", set: huge[:mostFetched], next: 6, want: []CommitKey{billing}},
		{name: "larger, and sent whole", set: append(huge, whole...), next: 6, want: []CommitKey{billing}},
		{name: "larger by its key", set: logged(1, 5, 0, make([]byte, 2*mostFetched), committed)[:mostFetched], next: 6, unread: 1},
		{name: "larger and compressed", set: logged(1, 5, 1, nil, make([]byte, 2*mostFetched))[:mostFetched], next: 6, unread: 1},
		{name: "a value that is shorter than it says", set: append(new(message).int64(5).int32(int32(len(whole)-13)).Bytes(), whole[12:len(whole)-1]...), next: 6, unread: 1},
		{name: "too small for a message", set: new(message).int64(5).int32(3).int8(0).int8(0).int8(0).Bytes(), next: 6, unread: 1},
		{name: "half a length", set: whole[:leastMessage-1], err: errNoMessage},
		{name: "a negative length", set: new(message).int64(5).int32(-1).Bytes(), err: errNoMessage},
		{name: "a negative offset", set: logged(1, -1, 0, key, committed), err: errNoMessage},
		{name: "the last offset of all", set: logged(1, math.MaxInt64, 0, key, committed), err: errNoMessage},
		{name: "backwards", set: logged(1, 4, 0, key, committed), err: errBackwards},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := scanKeys(tt.set, 5, 100)
			want := CommitKeys{Keys: tt.want, Next: cluster.OffsetAt(tt.next), Unread: tt.unread, AtEnd: len(tt.set) == 0}
			if tt.err != nil {
				want = CommitKeys{}
			}
			if !reflect.DeepEqual(got, want) || !errors.Is(err, tt.err) {
				t.Errorf("%+v, %v; want %+v, %v", got, err, want, tt.err)
			}
		})
	}
}

// The end of the log is known by what the broker says of it, without another request.
func TestScanKeysToTheEnd(t *testing.T) {
	set := logged(1, 5, 0, commitKey(1, "billing", "orders", 3), committed)
	for end, want := range map[int64]bool{-1: true, 5: true, 6: true, 7: false} {
		if got, err := scanKeys(set, 5, end); got.AtEnd != want || err != nil {
			t.Errorf("a log that ends at %d: %v, %v; want %v", end, got.AtEnd, err, want)
		}
	}
}

// A piece in which much is compressed ends early, and goes on where it ended.
func TestMuchCompressed(t *testing.T) {
	half := gzipped(slices.Repeat([][]byte{logged(1, 0, 0, commitKey(1, "billing", strings.Repeat("a", maxTopicName), 3), make([]byte, 4096))}, mostInflated/2/4096)...)
	var set []byte
	for offset := range int64(8) {
		set = append(set, logged(1, offset, codecGzip, nil, half)...)
	}
	got, err := scanKeys(set, 0, 8)
	if err != nil || got.AtEnd || got.Unread != 0 || len(got.Keys) != 1 || got.Next.Int() < 1 || got.Next.Int() > 2 {
		t.Errorf("%d keys up to %d, %d unread, at the end %v, %v", len(got.Keys), got.Next.Int(), got.Unread, got.AtEnd, err)
	}
}

// However much a piece makes believe to hold, and however much becomes of it, it takes
// little memory.
func TestHostileMessageSets(t *testing.T) {
	const most = 48 << 20
	key := commitKey(1, "billing", "orders", 3)
	bomb := logged(1, 5, codecGzip, nil, gzipped(make([]byte, 64<<20)))
	var distinct []byte
	for i := range int32(4 * mostFetched / 48) {
		distinct = append(distinct, logged(0, int64(i), 0, commitKey(0, "g", "t", i), nil)...)
	}
	for name, set := range map[string][]byte{
		"zeros":                     make([]byte, 16*mostFetched),
		"ones":                      bytes.Repeat([]byte{0xff}, 16*mostFetched),
		"a bomb":                    bomb,
		"bombs":                     bytes.Repeat(bomb, 1+mostFetched/len(bomb)),
		"more keys than were asked": distinct,
		"compressed keys":           logged(1, 5, codecGzip, nil, gzipped(distinct)),
		"a key of gigabytes":        new(message).int64(5).int32(30).int32(0).int8(0).int8(0).int32(math.MaxInt32).int64(0).int64(0).int32(0).Bytes(),
		"a message of gigabytes":    append(binary.BigEndian.AppendUint32(make([]byte, 8), math.MaxInt32), logged(0, 5, 0, key, committed)[12:]...),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := scanKeys(set, 0, 1<<40)
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > most {
			t.Errorf("%s: %d MiB were allocated (%v)", name, grown>>20, err)
		}
		if err == nil && (got.Next.Int() <= 0 || len(got.Keys) > 2*mostInflated/30) {
			t.Errorf("%s: %d keys, next %d", name, len(got.Keys), got.Next.Int())
		}
	}
}

// Whatever a log holds, reading it neither panics nor hangs, goes on, and yields no
// names that cannot be.
func FuzzScanKeys(f *testing.F) {
	key := commitKey(1, "billing", "orders", 3)
	f.Add(logged(0, 5, 0, key, committed), int64(5))
	f.Add(logged(1, 9, codecGzip, nil, gzipped(logged(1, 0, 0, key, nil))), int64(0))
	f.Fuzz(func(t *testing.T, set []byte, from int64) {
		defer watchdog(t.Name()).Stop()
		if from < 0 {
			return
		}
		got, err := scanKeys(set, from, math.MaxInt64)
		if err == nil && len(set) > 0 && got.Next.Int() <= from || got.Unread < 0 {
			t.Errorf("from %d to %d, %d unread", from, got.Next.Int(), got.Unread)
		}
		seen := map[CommitKey]bool{}
		for _, k := range got.Keys {
			if !legalGroup([]byte(k.Group)) || !legalTopic([]byte(k.Topic)) || k.Partition < 0 {
				t.Errorf("%+v", k)
			}
			seen[k] = true
		}
		if len(seen) > len(set)*1100/30 {
			t.Errorf("%d keys in %d bytes", len(seen), len(set))
		}
	})
}
