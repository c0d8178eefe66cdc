package metrics

import "hash/crc32"

// combineCRC returns the CRC-32 of two texts put together, from the CRC-32 of
// each and the shift of the second one's length: the first one's remainder moves
// up by that many bytes, as in zlib's crc32_combine_op.
func combineCRC(first, second, shift uint32) uint32 {
	return multiplyCRC(shift, first) ^ second
}

// shiftCRC returns x^(8·length) in GF(2)[x] modulo the CRC's polynomial. It takes
// one multiplication for each set bit of length, which is in bytes.
func shiftCRC(length int) uint32 {
	power := uint32(1 << 31) // x^0: these CRCs have their bits reversed
	for k, n := 3, uint64(length); n != 0; k, n = k+1, n>>1 {
		if n&1 != 0 {
			power = multiplyCRC(xToPowerOf2[k%len(xToPowerOf2)], power)
		}
	}
	return power
}

// xToPowerOf2[k] is x^(2^k) modulo the polynomial. The exponents have a period
// of 2^32-1, so that x^(2^32) is x again and the table serves for every k.
var xToPowerOf2 = func() (table [32]uint32) {
	table[0] = 1 << 30 // x^1
	for k := 1; k < len(table); k++ {
		table[k] = multiplyCRC(table[k-1], table[k-1])
	}
	return table
}()

// multiplyCRC returns a·b modulo the polynomial.
func multiplyCRC(a, b uint32) uint32 {
	var product uint32
	for bit := uint32(1 << 31); bit != 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
		}
		carry := b & 1
		b >>= 1
		if carry != 0 {
			b ^= crc32.IEEE
		}
	}
	return product
}
