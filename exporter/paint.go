package exporter

import "github.com/evenkeel/evenkeel/cluster"

// painter colours words for a terminal; the zero painter leaves them as they are.
type painter struct{ on bool }

func paintFor(colour bool) painter { return painter{colour} }

func (p painter) good(text string) string { return p.in("32", text) }
func (p painter) warn(text string) string { return p.in("33", text) }
func (p painter) bad(text string) string  { return p.in("1;31", text) }
func (p painter) grey(text string) string { return p.in("90", text) }

// in wraps text in an SGR sequence (ECMA-48).
func (p painter) in(code, text string) string {
	if !p.on || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// verdict colours the word for a verdict.
func (p painter) verdict(word string) string {
	switch word {
	case cluster.Healthy.String():
		return p.good(word)
	case cluster.Worrying.String():
		return p.warn(word)
	case cluster.Broken.String():
		return p.bad(word)
	}
	return p.grey(word)
}

// status colours the state of a broker.
func (p painter) status(word string) string {
	switch cluster.BrokerStatus(word) {
	case cluster.BrokerAlive:
		return p.good(word)
	case cluster.BrokerUnknown:
		return p.grey(word)
	}
	return p.bad(word)
}

// mode colours the mode of a ZooKeeper server.
func (p painter) mode(word string) string {
	switch cluster.ServerMode(word) {
	case cluster.ModeUnreachable, cluster.ModeNotServing, cluster.ModeReadOnly:
		return p.bad(word)
	case cluster.ModeUnknown:
		return p.grey(word)
	}
	return p.good(word)
}
