package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// clusterName is safe in a label, in the path of a URL and in its query.
type clusterName string

var clusterNames = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)

func (n *clusterName) set(text string) error {
	if !clusterNames.MatchString(text) {
		return fmt.Errorf("%q is not a cluster name; allowed are letters, digits, _, . and -, beginning with a letter, a digit or _", text)
	}
	*n = clusterName(text)
	return nil
}

type hostPort string

var hostNames = regexp.MustCompile(`^[\pL\pN._-]+$`)

func (h *hostPort) set(text string) error {
	const want = "HOST:PORT such as k1:9092 or [2001:db8::1]:9092"
	if text == "" {
		return errors.New("an entry is empty; every entry must be " + want)
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return fmt.Errorf("%q is not %s", withoutUser(text), want)
	}
	// Brackets are for IPv6 addresses alone: net takes them around anything.
	if ip, err := netip.ParseAddr(host); strings.HasPrefix(text, "[") {
		if err != nil || !ip.Is6() {
			return fmt.Errorf("%q is not %s: no IPv6 address in the brackets", withoutUser(text), want)
		}
	} else if !hostNames.MatchString(host) {
		return fmt.Errorf("%q is not %s: no valid host name", withoutUser(text), want)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("%q is not %s: the port must be a number from 1 to 65535", withoutUser(text), want)
	}
	*h = hostPort(text)
	return nil
}

// withoutUser leaves out of an address what stands before an @: it may be a password.
func withoutUser(text string) string {
	if at := strings.LastIndexByte(text, '@'); at >= 0 {
		return "..." + text[at:]
	}
	return text
}

// znode is an absolute path in ZooKeeper.
type znode string

// ZooKeeper refuses these characters in paths (its PathUtils.validatePath).
var notInZnodes = regexp.MustCompile(`[\x00-\x1f\x7f-\x9f\x{e000}-\x{f8ff}\x{fff0}-\x{ffff}]`)

func (z *znode) set(text string) error {
	if !path.IsAbs(text) || path.Clean(text) != text || notInZnodes.MatchString(text) {
		return fmt.Errorf("%q is not the path of a znode; it must begin with / and not end with one, as /kafka does, or be / alone", text)
	}
	*z = znode(text)
	return nil
}

// httpURL is absolute, or empty.
type httpURL string

func (h *httpURL) set(text string) error {
	u, err := url.Parse(text)
	if text != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "") {
		return fmt.Errorf("%q is not allowed; it must be an http or https URL without query or fragment, such as https://evenkeel.example.org/", withoutUser(text))
	}
	*h = httpURL(text)
	return nil
}
