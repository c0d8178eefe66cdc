package kafka

import "github.com/twmb/franz-go/pkg/kmsg"

// span is the oldest and the newest form of a request that a broker knows.
type span struct{ oldest, newest int16 }

// spans are the forms of all requests that a broker knows, by the request's key.
type spans map[int16]span

// What is assumed of brokers that must not be asked for it.
var (
	spans08 = spans{kmsg.ListOffsets.Int16(): {}, kmsg.Metadata.Int16(): {}, kmsg.OffsetFetch.Int16(): {newest: 1}}
	spans09 = spans{
		kmsg.ListOffsets.Int16(): {}, kmsg.Metadata.Int16(): {}, kmsg.OffsetFetch.Int16(): {newest: 1},
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

// spansOf reads a broker's answer to ApiVersions.
func spansOf(told *kmsg.ApiVersionsResponse) spans {
	s := make(spans, len(told.ApiKeys))
	for _, k := range told.ApiKeys {
		s[k.ApiKey] = span{oldest: k.MinVersion, newest: k.MaxVersion}
	}
	return s
}

// unknownError says that a broker does not know a request in any form that we do, or
// not in the one that is needed. Nothing was sent.
type unknownError struct{ needed string }

func (e *unknownError) Error() string {
	return "its release does not know the request" + e.needed
}
