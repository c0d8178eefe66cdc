package metrics

// segment is the sample lines of one family of one cluster, compressed.
type segment struct {
	family *Family
	series int
	piece
	end int // of data in the Writer's buffer, while that is being filled
}

// piece is a deflate stream that is flushed to a whole byte and not ended, with
// what it takes to put it behind others.
type piece struct {
	data  []byte
	plain int    // length of the text in it, in bytes
	crc   uint32 // CRC-32 (IEEE) of the text
	shift uint32 // shiftCRC(plain), kept because pages are made more often than parts
}

// Part is what one cluster shows: for each family its compressed sample lines,
// with their checksum, length and number. It is immutable; the zero Part is
// empty.
type Part struct {
	segments []segment
}

// newPart copies what w has written out of its buffer, in one piece of the
// exact size: a Part lives as long as its snapshot is shown.
func newPart(w *Writer) Part {
	block := make([]byte, w.out.Len())
	copy(block, w.out.Bytes())
	segments := make([]segment, len(w.segments))
	start := 0
	for i, s := range w.segments {
		s.data = block[start:s.end:s.end]
		start = s.end
		segments[i] = s
	}
	return Part{segments: segments}
}

// Series returns the number of samples.
func (p Part) Series() int {
	n := 0
	for i := range p.segments {
		n += p.segments[i].series
	}
	return n
}

// Size returns the bytes of all sample lines, as they are kept and as text.
// Header lines do not count, they belong to the Page.
func (p Part) Size() (compressed, plain int) {
	for i := range p.segments {
		compressed += len(p.segments[i].data)
		plain += p.segments[i].plain
	}
	return compressed, plain
}
