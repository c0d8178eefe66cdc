package testbed

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/IBM/sarama"
)

var (
	listenerName = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)
	// userName is what may stand unquoted in a JAAS line, and in a znode's name.
	userName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)
)

// checkSecurity returns what is wrong with the spec's logins.
func (s Spec) checkSecurity(rel kafkaRelease) error {
	var errs []error
	seen := map[string]bool{"PLAINTEXT": true, "CONTROLLER": true}
	if s.Wires {
		seen[wireListener] = true
	}
	for _, l := range s.Listeners {
		if seen[l.Name] || !listenerName.MatchString(l.Name) {
			errs = append(errs, fmt.Errorf("testbed: listener %q: want a name of its own, in capitals", l.Name))
		}
		seen[l.Name] = true
		errs = append(errs, l.check(rel))
	}
	for user, password := range s.Users {
		if !userName.MatchString(user) || password == "" || strings.ContainsFunc(password, unprintable) {
			errs = append(errs, fmt.Errorf("testbed: user %q: want a name of letters and digits, and a password of printable ASCII", user))
		}
	}
	if s.Authorizer && rel.old() {
		errs = append(errs, fmt.Errorf("testbed: Kafka %s has no authorizer; 0.9 and later have", rel.version))
	}
	if s.ZooKeeperTLS && strings.HasPrefix(s.ZooKeeper, "3.4.") {
		errs = append(errs, fmt.Errorf("testbed: ZooKeeper %s has no TLS; 3.5 and later have", s.ZooKeeper))
	}
	if s.ZooKeeperTLS && rel.kraft() {
		errs = append(errs, fmt.Errorf("testbed: Kafka %s runs without ZooKeeper: no TLS for it", rel.version))
	}
	return errors.Join(errs...)
}

// unprintable tells what a JAAS line would not bring through as it is.
func unprintable(r rune) bool { return r < ' ' || r > '~' }

func (l Listener) check(rel kafkaRelease) error {
	if !l.tls() && !l.sasl() {
		return fmt.Errorf("testbed: listener %s: no protocol %q; there are SSL, SASL_PLAINTEXT and SASL_SSL", l.Name, l.Protocol)
	}
	if l.sasl() != (len(l.Mechanisms) > 0) {
		return fmt.Errorf("testbed: listener %s: protocol %s with the mechanisms %q", l.Name, l.Protocol, l.Mechanisms)
	}
	if l.ClientAuth && !l.tls() {
		return fmt.Errorf("testbed: listener %s: protocol %s asks for no certificates", l.Name, l.Protocol)
	}
	if !rel.protocol.IsAtLeast(sarama.V1_0_0_0) {
		return fmt.Errorf("testbed: listener %s: Kafka %s has no settings for single listeners; 1.0 and later have", l.Name, rel.version)
	}
	for _, mechanism := range l.Mechanisms {
		since, ok := mechanismSince(mechanism, rel.kraft())
		if !ok {
			return fmt.Errorf("testbed: listener %s: no mechanism %q; there are PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER and GSSAPI", l.Name, mechanism)
		}
		if !rel.protocol.IsAtLeast(since) {
			return fmt.Errorf("testbed: listener %s: %s on Kafka %s; the testbed sets it up from %s on", l.Name, mechanism, rel.version, since)
		}
	}
	return nil
}

// mechanismSince returns the first release with what the testbed uses to set a
// mechanism up: JAAS lines as settings of a listener, SCRAM users by request,
// signed tokens. The first is there wherever a Listener may be.
func mechanismSince(mechanism string, kraft bool) (sarama.KafkaVersion, bool) {
	switch {
	case slices.Contains([]string{mechanismPlain, mechanismGSSAPI}, mechanism):
		return sarama.V1_0_0_0, true
	case isScram(mechanism) && kraft:
		return sarama.V3_5_0_0, true
	case isScram(mechanism):
		return sarama.V2_7_0_0, true
	case mechanism == mechanismOAuthBearer:
		return sarama.V3_1_0_0, true
	}
	return sarama.KafkaVersion{}, false
}

func isScram(mechanism string) bool {
	_, ok := scramMechanisms[mechanism]
	return ok
}
