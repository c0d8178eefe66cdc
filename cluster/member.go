package cluster

import (
	"net"
	"slices"
	"strconv"
	"strings"
)

// Member is a server that belongs to the ensemble by its own configuration, which
// may be changed while it runs.
type Member struct {
	ID     int64
	Host   string // as the ensemble knows it
	Port   int    // for clients; 0 where the configuration does not tell
	Voting bool   // not an observer
}

// Unconfigured returns the addresses of the members that are none of the configured
// servers, where that is certain: servers may have several names, so as many
// members as there are configured servers without a member may be these.
func (e *Ensemble) Unconfigured() []string {
	var strangers []string
	unmatched := len(e.Servers)
	for _, m := range e.Members {
		if slices.ContainsFunc(e.Servers, func(s Server) bool { return m.is(s.Name) || m.is(s.Address) }) {
			unmatched--
			continue
		}
		strangers = append(strangers, m.address())
	}
	if len(strangers) <= unmatched {
		return nil
	}
	return strangers
}

func (m Member) address() string {
	if m.Port == 0 {
		return m.Host
	}
	return net.JoinHostPort(m.Host, strconv.Itoa(m.Port))
}

// is says whether an address is that of the member: a host may be named with its
// domain in one place and without it in the other.
func (m Member) is(address string) bool {
	host, port, err := net.SplitHostPort(address)
	if err != nil || m.Port != 0 && port != strconv.Itoa(m.Port) {
		return false
	}
	a, b := strings.ToLower(m.Host), strings.ToLower(host)
	return a == b || net.ParseIP(a) == nil && net.ParseIP(b) == nil && (strings.HasPrefix(a, b+".") || strings.HasPrefix(b, a+"."))
}
