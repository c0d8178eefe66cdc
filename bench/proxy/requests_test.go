package proxy

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
)

// request is one with a body of so many bytes after key and version.
func request(key int16, body int) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(4+body))
	out = binary.BigEndian.AppendUint16(out, uint16(key))
	out = binary.BigEndian.AppendUint16(out, 7)
	return append(out, bytes.Repeat([]byte{0xff}, body)...)
}

func TestRequestsInPieces(t *testing.T) {
	stream := slices.Concat(request(3, 20), request(2, 0), request(18, 1), request(9, 5000), request(2, 3))
	want := []int16{3, 2, 18, 9, 2}
	for _, piece := range []int{1, 2, 3, 5, 7, 8, 9, 64, 4096, len(stream)} {
		var got []int16
		r := requests{seen: func(key int16) { got = append(got, key) }}
		for part := range slices.Chunk(stream, piece) {
			if !r.add(part) {
				t.Fatalf("in pieces of %d bytes: lost after %v", piece, got)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("in pieces of %d bytes: %v, want %v", piece, got, want)
		}
	}
}

// A request counts when its header is there; its body may still be on the way.
func TestRequestCountsWithItsHeader(t *testing.T) {
	whole := request(1, 100)
	for _, step := range []struct{ upTo, want int }{{7, 0}, {8, 1}, {108, 1}} {
		n := 0
		r := requests{seen: func(int16) { n++ }}
		if r.add(whole[:step.upTo]); n != step.want {
			t.Errorf("%d requests in the first %d bytes, want %d", n, step.upTo, step.want)
		}
	}
}

func TestWhatIsNoRequest(t *testing.T) {
	tooLong := binary.BigEndian.AppendUint32(nil, longestRequest+1)
	for name, data := range map[string][]byte{
		"a TLS hello":           {0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01},
		"a negative length":     bytes.Repeat([]byte{0xff}, 8),
		"too short for its key": {0, 0, 0, 3, 0, 3, 0, 7},
		"longer than any":       append(tooLong, 0, 3, 0, 7),
	} {
		r := requests{seen: func(key int16) { t.Errorf("%s: counted as key %d", name, key) }}
		if r.add(data) || r.add(request(3, 1)) {
			t.Errorf("%s: passes for requests", name)
		}
	}
}
