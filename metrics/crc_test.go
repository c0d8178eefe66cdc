package metrics

import (
	"hash/crc32"
	"math/rand/v2"
	"testing"
)

func TestCombineCRC(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	text := make([]byte, 1<<17)
	for i := range text {
		text[i] = byte(random.Uint32())
	}
	for range 500 {
		length := random.IntN(len(text) + 1)
		at := random.IntN(length + 1)
		first, second := text[:at], text[at:length]
		got := combineCRC(crc32.ChecksumIEEE(first), crc32.ChecksumIEEE(second), shiftCRC(len(second)))
		if want := crc32.ChecksumIEEE(text[:length]); got != want {
			t.Fatalf("split of %d bytes at %d: %08x, want %08x", length, at, got, want)
		}
	}
	whole := crc32.ChecksumIEEE(text)
	if combineCRC(0, whole, shiftCRC(len(text))) != whole || combineCRC(whole, 0, shiftCRC(0)) != whole {
		t.Error("nothing before or after a text changes its checksum")
	}
}

// TestPowersHaveAPeriod holds what shiftCRC uses for lengths from 512 MiB on.
func TestPowersHaveAPeriod(t *testing.T) {
	last := xToPowerOf2[len(xToPowerOf2)-1]
	if got := multiplyCRC(last, last); got != xToPowerOf2[0] {
		t.Errorf("x^(2^32) is %08x, want x (%08x)", got, xToPowerOf2[0])
	}
}
