package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
)

// kafkaVersion is VersionAuto or a release from 0.8.2 on.
type kafkaVersion string

var releases = regexp.MustCompile(`^(?:0\.\d{1,3}(?:\.\d{1,3}){0,2}|[1-9]\d?\.\d{1,3}(?:\.\d{1,3})?)$`)

func (v *kafkaVersion) set(text string) error {
	if text != VersionAuto {
		if !releases.MatchString(text) {
			return fmt.Errorf("%q is not allowed; it must be auto or a release of Kafka, such as 0.9.0.1, 2.8.1 or 3.9", text)
		}
		if old(text) {
			return fmt.Errorf("%q is not allowed; the oldest release that is supported is 0.8.2", text)
		}
	}
	*v = kafkaVersion(text)
	return nil
}

// old says whether a release is older than 0.8.2.
func old(release string) bool {
	var n [3]int
	_, _ = fmt.Sscanf(release, "%d.%d.%d", &n[0], &n[1], &n[2]) // what is left out stays 0
	return slices.Compare(n[:], []int{0, 8, 2}) < 0
}

func (f *Flavour) set(text string) error {
	return setOneOf(f, text, FlavourAuto, FlavourKafka, FlavourProtocol)
}

// count is one or more; 0 is out of the reach of set, and stands for left out.
type count int

func (c *count) set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return fmt.Errorf("%q is not allowed; it must be a whole number, 1 or more", text)
	}
	*c = count(n)
	return nil
}

// portOrNone is the number of a port, or 0.
type portOrNone int

func (p *portOrNone) set(text string) error {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return fmt.Errorf("%q is not allowed; it must be a port from 1 to 65535, or 0 for none", text)
	}
	*p = portOrNone(n)
	return nil
}

// serverName is what a certificate may be issued for.
type serverName string

func (s *serverName) set(text string) error {
	if _, err := netip.ParseAddr(text); text != "" && err != nil && !hostNames.MatchString(text) {
		return fmt.Errorf("%q is not allowed; it must be a host name or an IP address without a port, such as k1.example.org", text)
	}
	*s = serverName(text)
	return nil
}

func (m *Mechanism) set(text string) error {
	if text == "" {
		*m = ""
		return nil
	}
	return setOneOf(m, text, Plain, ScramSHA256, ScramSHA512, GSSAPI, OAuthBearer, AWSMSKIAM)
}

// scheme is a scheme of ZooKeeper's authentication.
type scheme string

func (s *scheme) set(text string) error { return setOneOf(s, text, "digest") }

// tokenURL is where tokens are asked for, or empty. Client secrets go there, and
// so not in plain text over a network.
type tokenURL string

func (t *tokenURL) set(text string) error {
	u, err := url.Parse(text)
	switch {
	case text == "":
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Fragment != "":
		// The text may hold a password, so it is not repeated.
		return errors.New("not an https URL such as https://login.example.org/oauth2/token")
	case u.User != nil:
		return errors.New("must not have a user in it; client_id and client_secret are keys of their own")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return fmt.Errorf("http to %q would send the client's secret in plain text; it must be https, unless the host is localhost", u.Host)
	}
	*t = tokenURL(text)
	return nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// awsRegion is the name of a region of AWS: it becomes part of a host name.
type awsRegion string

var awsRegions = regexp.MustCompile(`^[a-z0-9-]*$`)

func (r *awsRegion) set(text string) error {
	if !awsRegions.MatchString(text) {
		return fmt.Errorf("%q is not an AWS region such as eu-central-1", text)
	}
	*r = awsRegion(text)
	return nil
}

// roleARN names a role of AWS IAM, or is empty.
type roleARN string

var roleARNs = regexp.MustCompile(`^arn:[a-z-]+:iam::\d+:role/\S+$`)

func (r *roleARN) set(text string) error {
	if text != "" && !roleARNs.MatchString(text) {
		return fmt.Errorf("%q is not the ARN of a role, such as arn:aws:iam::123456789012:role/evenkeel", text)
	}
	*r = roleARN(text)
	return nil
}
