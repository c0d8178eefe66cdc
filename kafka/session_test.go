package kafka

import (
	"context"
	"slices"
	"testing"

	"github.com/IBM/sarama"
)

// The login has the newest form that both know. Sarama takes the form of
// SaslAuthenticate from the release: 2 from 2.5 on, 1 from 2.2, else 0.
func TestFormOfTheLogin(t *testing.T) {
	for _, tt := range []struct {
		name      string
		known     spans
		handshake int16
		release   sarama.KafkaVersion
	}{
		{"not known", nil, sarama.SASLHandshakeV1, sarama.V2_1_0_0},
		{"0.9", spans09, sarama.SASLHandshakeV0, sarama.V2_1_0_0},
		{"0.10", spans{keySaslHandshake: {}}, sarama.SASLHandshakeV0, sarama.V2_1_0_0},
		{"1.0", spans{keySaslHandshake: {newest: 1}, keySaslAuthenticate: {}}, sarama.SASLHandshakeV1, sarama.V2_1_0_0},
		{"2.2", spans{keySaslHandshake: {newest: 1}, keySaslAuthenticate: {newest: 1}}, sarama.SASLHandshakeV1, sarama.V2_4_0_0},
		{"2.5", spans{keySaslHandshake: {newest: 1}, keySaslAuthenticate: {newest: 2}}, sarama.SASLHandshakeV1, sarama.MaxVersion},
	} {
		conf := sarama.NewConfig()
		(&link{known: tt.known}).chooseLogin(conf, sarama.SASLHandshakeV1)
		if conf.Net.SASL.Version != tt.handshake || conf.Version != tt.release {
			t.Errorf("%s: handshake %d as of %v, want %d as of %v", tt.name, conf.Net.SASL.Version, conf.Version, tt.handshake, tt.release)
		}
	}
}

// A login in each form, and what is counted of it.
func TestLoginIsSentAndCounted(t *testing.T) {
	for _, tt := range []struct {
		registration int
		knows        map[int16]int16
		want         string
		observed     string
	}{
		{5, map[int16]int16{keySaslHandshake: 1, keySaslAuthenticate: 1}, "ApiVersions 3, ListOffsets 1, SASLAuthenticate 1, SASLHandshake 1",
			"ApiVersions, SaslHandshake, SaslAuthenticate, ListOffsets"},
		{4, map[int16]int16{keySaslHandshake: 1, keySaslAuthenticate: 0}, "ApiVersions 3, ListOffsets 1, SASLAuthenticate 0, SASLHandshake 1",
			"ApiVersions, SaslHandshake, SaslAuthenticate, ListOffsets"},
		{0, map[int16]int16{keySaslHandshake: 1, keySaslAuthenticate: 1}, "ApiVersions 3, ListOffsets 1, SASLAuthenticate 0, SASLHandshake 1",
			"SaslHandshake, SaslAuthenticate, Metadata, ApiVersions, ListOffsets"},
	} {
		f := newFake(t, func(r received) answer {
			switch r.key {
			case keyAPIVersions:
				tt.knows[keyListOffsets] = 1
				return versions(tt.knows)
			case keyListOffsets:
				return noTopics()
			default:
				return saslAnswer(r, 0)
			}
		})
		f.newcomer = as010
		var o observed
		c := NewClient(Options{Login: plain, Observe: o.observe})
		t.Cleanup(c.Close)
		if _, err := c.Probe(within(t), f.node(tt.registration)); err != nil {
			t.Fatal(err)
		}
		if got := f.kinds(); got != tt.want {
			t.Errorf("registration %d: sent %s, want %s", tt.registration, got, tt.want)
		}
		if o.String() != tt.observed {
			t.Errorf("registration %d: observed %s, want %s", tt.registration, &o, tt.observed)
		}
	}
}

// The credentials are asked for once for each connection.
func TestLoginIsCalledForEachConnection(t *testing.T) {
	f := newFake(t, func(r received) answer {
		switch r.key {
		case keyAPIVersions:
			return versions(map[int16]int16{keyListOffsets: 1, keySaslHandshake: 1, keySaslAuthenticate: 1})
		case keyListOffsets:
			return noTopics()
		default:
			return saslAnswer(r, 0)
		}
	})
	calls := make(chan bool, 10)
	c := NewClient(Options{Login: func(ctx context.Context, conf *sarama.Config) error {
		calls <- true
		return plain(ctx, conf)
	}})
	t.Cleanup(c.Close)
	var got []int
	for i := range 4 {
		if _, err := c.Probe(within(t), f.node(5)); err != nil {
			t.Fatal(err)
		}
		got = append(got, len(calls))
		if i == 1 {
			f.hangUp()
		}
	}
	if want := []int{1, 1, 2, 2}; !slices.Equal(got, want) {
		t.Errorf("the credentials were asked for %v times, want %v", got, want)
	}
}
