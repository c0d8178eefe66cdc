package testbed

import (
	"cmp"
	"slices"
	"time"
)

const (
	// journalStep is how far apart in time two marks of a journal are at most,
	// where there are messages in between. Of three that follow each other the
	// first and the last are farther apart.
	journalStep = int64(5 * time.Millisecond)
	// journalMarks is how many it has at most, in 4 MiB: those of eleven minutes or
	// more.
	journalMarks = 1 << 18
)

// journal holds the times of some of a partition's messages. Its last mark is
// always the last message.
type journal struct{ marks []mark }

// mark says that all messages up to an offset were handed over at a time, in
// nanoseconds since 1970, or before.
type mark struct{ offset, at int64 }

// add takes the next message in the order of offsets.
func (j *journal) add(offset, at int64) {
	n := len(j.marks)
	if n > 0 {
		last := j.marks[n-1]
		if offset <= last.offset {
			return // a leader lost what it had acknowledged
		}
		at = max(at, last.at) // a second try may come after later messages
	}
	if n > 1 && at-j.marks[n-2].at < journalStep {
		j.marks[n-1] = mark{offset, at}
		return
	}
	if n == journalMarks {
		j.marks = j.marks[:copy(j.marks, j.marks[n/8:])]
	}
	j.marks = append(j.marks, mark{offset, at})
}

// writtenBy returns the offset after the last mark before a time.
func (j *journal) writtenBy(at int64) (offset int64, ok bool) {
	i, _ := slices.BinarySearchFunc(j.marks, at, func(m mark, at int64) int { return cmp.Compare(m.at, at) })
	if i == 0 {
		return 0, false
	}
	return j.marks[i-1].offset + 1, true
}

// timeOf returns the time of an offset, or of its share of the way between two
// marks.
func (j *journal) timeOf(offset int64) (at int64, ok bool) {
	i, found := slices.BinarySearchFunc(j.marks, offset, func(m mark, offset int64) int { return cmp.Compare(m.offset, offset) })
	switch {
	case found:
		return j.marks[i].at, true
	case i == 0 || i == len(j.marks):
		return 0, false
	}
	from, to := j.marks[i-1], j.marks[i]
	share := float64(offset-from.offset) / float64(to.offset-from.offset)
	return from.at + int64(share*float64(to.at-from.at)), true
}
