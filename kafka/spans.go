package kafka

import (
	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// span is the oldest and the newest form of a request that a broker knows.
type span struct{ oldest, newest int16 }

// spans are the forms of all requests that a broker knows, by the request's key.
type spans map[int16]span

// What is assumed of brokers that must not be asked for it.
var (
	spans08 = spans{kmsg.Fetch.Int16(): {}, kmsg.ListOffsets.Int16(): {}, kmsg.Metadata.Int16(): {}, kmsg.OffsetFetch.Int16(): {newest: 1}}
	spans09 = spans{
		kmsg.Fetch.Int16(): {newest: 1}, kmsg.ListOffsets.Int16(): {}, kmsg.Metadata.Int16(): {}, kmsg.OffsetFetch.Int16(): {newest: 1},
		kmsg.DescribeGroups.Int16(): {}, kmsg.ListGroups.Int16(): {},
	}
)

// knows says whether the broker knows this form of a request, or a newer one.
func (s spans) knows(key kmsg.Key, version int16) bool {
	known, ok := s[key.Int16()]
	return ok && known.newest >= version
}

// pick returns the newest form that the broker knows among those up to ours.
func (s spans) pick(key int16, ours int16) (version int16, err error) {
	known, ok := s[key]
	if version = min(ours, known.newest); !ok || version < known.oldest {
		return 0, &unknownError{}
	}
	return version, nil
}

// supportedFeatures is the tagged field in which ApiVersions tells levels such as
// metadata.version.
const supportedFeatures = 0

// readVersions reads an answer to ApiVersions: the forms that a broker knows, and the
// greatest metadata.version that it supports, 0 where it tells none.
func readVersions(r *reader, version int16) (known spans, level int16, refusal error) {
	refusal = codeError(sarama.KError(r.int16()), "")
	known = spans{}
	for n := r.array(6); n > 0 && r.err == nil; n-- {
		key := r.int16()
		known[key] = span{oldest: r.int16(), newest: r.int16()}
		r.tags()
	}
	if version >= 1 {
		r.int32() // the time for which we are throttled
	}
	r.tagged(func(field uint32, value []byte) {
		if field == supportedFeatures {
			of := &reader{rest: value, flexible: true}
			r.err = of.whole(func(r *reader) { level = readLevel(r) })
		}
	})
	return known, level, refusal
}

// readLevel reads features, of which each has the least and the greatest level.
func readLevel(r *reader) (level int16) {
	for n := r.array(6); n > 0 && r.err == nil; n-- {
		name := r.text()
		r.take(2)
		if most := r.int16(); string(name) == metadataVersion {
			level = most
		}
		r.tags()
	}
	return level
}

// unknownError says that a broker does not know a request in any form that we do, or
// not in the one that is needed, or need not be sent it. Nothing was sent.
type unknownError struct {
	needed string // in which form
	spared string // set where it is not sent the request for another reason: which
}

func (e *unknownError) Error() string {
	if e.spared != "" {
		return "it was not sent" + e.spared
	}
	return "its release does not know the request" + e.needed
}
