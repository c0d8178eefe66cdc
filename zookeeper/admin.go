package zookeeper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	// adminTimeout is the time for the AdminServer: a port behind a firewall does
	// not answer at all.
	adminTimeout = time.Second
	// maxAdminRest is the greatest number of polls in which an AdminServer that did
	// not answer is left alone.
	maxAdminRest = 40
)

// adminClient asks AdminServers. No proxy, no redirect, and no connection is kept:
// the server that is asked is the one that was configured.
var adminClient = &http.Client{
	Transport: &http.Transport{
		DialContext:            new(net.Dialer).DialContext,
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: 16 << 10,
	},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// askAdmin asks a server's AdminServer for what mntr tells, and returns by the end of
// ctx. The version must be the one that srvr told: where several servers run on one
// host, the port belongs to only one of them.
func askAdmin(ctx context.Context, host string, port int, version string) (map[string]float64, error) {
	address := net.JoinHostPort(host, strconv.Itoa(port))
	body, err := fetch(ctx, "http://"+address+"/commands/monitor")
	var stats map[string]float64
	if err == nil {
		stats, err = parseMonitor(body, version)
	}
	if err != nil {
		return nil, fmt.Errorf("ask the AdminServer at %s: %w", address, err)
	}
	return stats, nil
}

// fetch returns what is at a URL.
func fetch(ctx context.Context, from string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, err
	}
	response, err := adminClient.Do(request)
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err // the rest repeats the URL
	}
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: %.80q", errBadReply, response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxReply+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxReply {
		return nil, fmt.Errorf("%w: longer than %d bytes", errBadReply, maxReply)
	}
	return body, nil
}

// parseMonitor reads what /commands/monitor answers: one object whose names are
// those of mntr without zk_. What is no finite number (text, NaN, which stands in
// quotes, and objects) is left out, and so are names with labels of their own.
func parseMonitor(body []byte, version string) (map[string]float64, error) {
	// Values are kept as they are written: made into Go's, small ones take fifty times
	// their size.
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, fmt.Errorf("%w: %w", errBadReply, err)
	}
	if message, _ := text(raw["error"]); message != "" {
		return nil, fmt.Errorf("%w: it tells the error %.80q", errBadReply, message)
	}
	full, ok := text(raw["version"])
	if !ok {
		return nil, fmt.Errorf("%w: it tells no version", errBadReply)
	}
	if told := release(full); told != version {
		return nil, fmt.Errorf("%w: it is of version %s, and the server of %s", errBadReply, told, version)
	}
	stats := make(map[string]float64, min(len(raw), maxStats))
	for key, value := range raw {
		setNumber(stats, "zk_"+key, string(value))
	}
	return stats, nil
}

// text returns a value that is a string.
func text(value json.RawMessage) (s string, ok bool) {
	ok = len(value) > 0 && value[0] == '"' && json.Unmarshal(value, &s) == nil
	return s, ok
}

// adminRest counts for how long an AdminServer that did not answer is left alone:
// for twice as many polls after every failure.
type adminRest struct{ next, left int }

// due says whether to ask in this poll.
func (r *adminRest) due() bool {
	if r.left == 0 {
		return true
	}
	r.left--
	return false
}

// note takes down how it went.
func (r *adminRest) note(err error) {
	switch {
	case err == nil:
		*r = adminRest{}
	case errors.Is(err, context.Canceled): // the poll was given up
	default:
		r.next = min(max(1, 2*r.next), maxAdminRest)
		r.left = r.next
	}
}
