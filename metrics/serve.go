package metrics

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
)

// gzipHeader is that of RFC 1952: deflate, no name, no time, fastest level,
// unknown system.
const gzipHeader = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"

// endBlock is an empty stored block, the last of its stream.
const endBlock = "\x01\x00\x00\xff\xff"

// appendStored appends text as stored blocks, none of them the last of a stream.
func appendStored(b, text []byte) []byte {
	for len(text) > 0 {
		n := min(len(text), 1<<16-1)
		b = append(b, 0)
		b = binary.LittleEndian.AppendUint16(b, uint16(n))
		b = binary.LittleEndian.AppendUint16(b, ^uint16(n))
		b = append(b, text[:n]...)
		text = text[n:]
	}
	return b
}

// WriteTo writes the page in the given format, as one gzip member or as plain
// text, and after it the tail: plain text that the caller made in the same
// format, the exposition of its own registry. In OpenMetrics the tail has to end
// with "# EOF\n"; the page does not write that line. An error is that of w, after
// which part of the page may have been written. WriteTo may be called
// concurrently; it copies no segment.
func (p *Page) WriteTo(w io.Writer, f Format, gzip bool, tail []byte) error {
	write := p.bodies[f].writePlain
	if gzip {
		write = p.bodies[f].writeGzip
	}
	if err := write(w, tail); err != nil {
		return fmt.Errorf("write the metrics page: %w", err)
	}
	return nil
}

func (b *body) writeGzip(w io.Writer, tail []byte) error {
	if _, err := io.WriteString(w, gzipHeader); err != nil {
		return err
	}
	for _, piece := range b.pieces {
		if _, err := w.Write(piece); err != nil {
			return err
		}
	}
	// Into memory first: the compressor's large tables go back to their pool
	// before a slow client has its say.
	var end bytes.Buffer
	if err := flate.StatelessDeflate(&end, tail, true, nil); err != nil {
		return err
	}
	crc := combineCRC(b.crc, crc32.ChecksumIEEE(tail), shiftCRC(len(tail)))
	var trailer [8]byte
	binary.LittleEndian.PutUint32(trailer[:4], crc)
	binary.LittleEndian.PutUint32(trailer[4:], uint32(b.plain+len(tail)))
	end.Write(trailer[:])
	_, err := w.Write(end.Bytes())
	return err
}

func (b *body) writePlain(w io.Writer, tail []byte) error {
	in := inflaters.Get().(*inflater)
	defer in.release()
	if err := in.copy(w, b.pieces); err != nil {
		return err
	}
	_, err := w.Write(tail)
	return err
}

// inflater unpacks pieces on the way to a client that does not take gzip, with
// nothing but its 32 KiB window and a small buffer.
type inflater struct {
	pieces pieceReader
	buffer *bufio.Reader // flate has a faster loop for it than for other readers
	flate  io.ReadCloser
}

var inflaters = sync.Pool{New: func() any {
	in := new(inflater)
	in.buffer = bufio.NewReader(&in.pieces)
	in.flate = flate.NewReader(in.buffer)
	return in
}}

func (in *inflater) copy(w io.Writer, pieces [][]byte) error {
	in.pieces = pieceReader{rest: pieces}
	in.buffer.Reset(&in.pieces)
	if err := in.flate.(flate.Resetter).Reset(in.buffer, nil); err != nil {
		return err
	}
	_, err := in.flate.(io.WriterTo).WriteTo(w)
	return err
}

// release gives the inflater back without the page that it read.
func (in *inflater) release() {
	in.pieces = pieceReader{}
	inflaters.Put(in)
}

// pieceReader reads pieces one after the other, and then the end of the stream.
type pieceReader struct {
	current []byte
	rest    [][]byte
	ended   bool
}

func (r *pieceReader) Read(p []byte) (int, error) {
	for len(r.current) == 0 {
		switch {
		case len(r.rest) > 0:
			r.current, r.rest = r.rest[0], r.rest[1:]
		case !r.ended:
			r.current, r.ended = []byte(endBlock), true
		default:
			return 0, io.EOF
		}
	}
	n := copy(p, r.current)
	r.current = r.current[n:]
	return n, nil
}
