package metrics

import (
	"fmt"
	"hash/crc32"
)

// Page is all that a scrape shows of the clusters: families in a fixed order,
// under each the segments of every cluster. It is immutable and may be written
// by any number of goroutines.
type Page struct {
	bodies [2]body // by Format
}

// body is the page in one format, ready to be sent.
type body struct {
	pieces [][]byte
	crc    uint32 // of the text of all pieces
	plain  int    // length of that text, in bytes
}

// NewPage returns the page of the parts, which share their bytes with it. The
// families stand in the given order, those without samples are left out, and a
// family's clusters follow each other as the parts do. NewPage panics when a part
// holds a family that is not in order, or order names one twice.
func NewPage(order []*Family, parts ...Part) *Page {
	place := make(map[string]int, len(order))
	for i, f := range order {
		if _, twice := place[f.Name]; twice {
			panic(fmt.Sprintf("metric %s: twice in the order of a page", f.Name))
		}
		place[f.Name] = i
	}
	samples := make([][]*segment, len(order))
	for _, part := range parts {
		for i := range part.segments {
			s := &part.segments[i]
			at, ok := place[s.family.Name]
			if !ok {
				panic(fmt.Sprintf("metric %s: not in the order of the page", s.family.Name))
			}
			samples[at] = append(samples[at], s)
		}
	}
	p := new(Page)
	for format := range p.bodies {
		b := &p.bodies[format]
		var header []byte
		for at, segments := range samples {
			if len(segments) > 0 {
				header = appendHeader(header[:0], order[at], Format(format))
				b.add(storedPiece(header))
			}
			for _, s := range segments {
				b.add(s.piece)
			}
		}
	}
	return p
}

func (b *body) add(p piece) {
	b.pieces = append(b.pieces, p.data)
	b.crc = combineCRC(b.crc, p.crc, p.shift)
	b.plain += p.plain
}

// storedPiece returns text as stored blocks. That is for header lines: they are
// short, so that packing them would save little, and storing them is cheap enough
// to be done for each new page.
func storedPiece(text []byte) piece {
	return piece{
		data:  appendStored(make([]byte, 0, len(text)+16), text),
		plain: len(text),
		crc:   crc32.ChecksumIEEE(text),
		shift: shiftCRC(len(text)),
	}
}
