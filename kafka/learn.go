package kafka

import (
	"bytes"
	"cmp"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// caution is how a broker has to be approached whose release is not known yet.
type caution uint8

const (
	anyRelease   caution = iota // it may be a 0.9, which must not be asked ApiVersions, or a 0.8
	since09                     // it is a 0.9 or newer
	is08                        // it is Kafka 0.8
	is09                        // it is Kafka 0.9
	asksVersions                // it is newer, and answers ApiVersions
)

// unsure says whether the broker's answers have to tell how old it is.
func (c caution) unsure() bool { return c == anyRelease || c == since09 }

// learn asks the broker what it knows. Kafka before 2.4 refuses the form of 2.4, in
// the shape of the oldest, and is asked again in that.
func (l *link) learn() error {
	request := kmsg.NewPtrApiVersionsRequest()
	request.ClientSoftwareName, request.ClientSoftwareVersion = "evenkeel", "unknown"
	request.Version = 3
	body, err := l.observed(request)
	if err == nil && bytes.HasPrefix(body, []byte{0, byte(sarama.ErrUnsupportedVersion)}) {
		request.Version = 0
		body, err = l.observed(request)
	}
	if err != nil {
		return err
	}
	var known spans
	var level int16
	var refusal error
	answer := &reader{rest: body, flexible: request.IsFlexible()}
	err = answer.whole(func(r *reader) { known, level, refusal = readVersions(r, request.Version) })
	if err = cmp.Or(misread(err), refusal); err != nil {
		return &openError{doing: apiVersions, err: err}
	}
	l.know(known, level)
	return nil
}

// know notes what the broker knows, within what the user allows, and so what it is.
func (l *link) know(known spans, level int16) {
	l.known, l.identity = known, identify(known, level)
	if o := l.to.override; o != nil {
		l.known = o.bound(known)
		allowed := identify(l.known, 0)
		allowed.Release, allowed.Mode, allowed.AnswersVersions = releases[o.index].short(), l.identity.Mode, l.identity.AnswersVersions
		l.identity = allowed
	}
}

// isNew says whether a broker is newer than Kafka 0.9, by a request that does no
// harm to any: Metadata for no topics, in the form of 0.10. Kafka 0.8 and 0.9 answer
// it in the shape of the form before.
func (l *link) isNew() (bool, error) {
	request := kmsg.NewPtrMetadataRequest()
	request.Version = 1
	request.Topics = []kmsg.MetadataRequestTopic{} // nil would ask for all
	body, err := l.observed(request)
	if err != nil {
		return false, err
	}
	switch {
	case hasShape(body, 0):
		return false, nil
	case hasShape(body, 1):
		return true, nil
	default:
		return false, &openError{doing: nameOf(request), err: errShape}
	}
}

// tell08 hears from a broker that is no newer than 0.9 whether it is a 0.8: it hangs
// up on ListGroups, which came with 0.9.
func (l *link) tell08() error {
	_, err := l.observed(kmsg.NewPtrListGroupsRequest())
	return err
}

// hasShape says whether an answer to Metadata is one of this version, to the last
// byte.
func hasShape(body []byte, version int16) bool {
	return (&reader{rest: body}).whole(func(r *reader) { readMetadata(r, version) }) == nil
}

// observed sends a request while the link is being opened, and counts it.
func (l *link) observed(request kmsg.Request) ([]byte, error) {
	body, err := l.socket.exchange(l.to.clientID, request)
	if err != nil {
		err = &openError{doing: nameOf(request), err: err}
	}
	l.to.observe(nameOf(request), err)
	return body, err
}
