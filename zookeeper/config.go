package zookeeper

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/go-zookeeper/zk"

	"github.com/evenkeel/evenkeel/cluster"
)

// configPath is where an ensemble keeps its own configuration from 3.5 on. It is
// outside of any chroot.
const configPath = "/zookeeper/config"

// Members returns the servers that belong to the ensemble. It returns nil without
// an error where the ensemble does not tell: before ZooKeeper 3.5, of a single
// server, or when an ACL forbids it. It returns by the context's deadline.
func (s *Session) Members(ctx context.Context) ([]cluster.Member, error) {
	node, err := call(ctx, s, func(conn *zk.Conn) (znode, error) {
		data, stat, err := conn.Get(configPath)
		return newZnode(data, nil, stat), err
	})
	switch {
	case errors.Is(err, zk.ErrNoNode) || errors.Is(err, zk.ErrNoAuth):
		return nil, nil
	case err != nil:
		return nil, about("read", configPath, err)
	}
	members, err := parseMembers(string(node.data))
	if err != nil {
		return nil, about("read", configPath, fmt.Errorf("%w: %w", errBadReply, err))
	}
	return members, nil
}

// parseMembers reads the lines server.ID=ADDRESSES[:ROLE][;[HOST:]PORT] of an
// ensemble's configuration, and passes over all others. Where one server cannot be
// understood, nothing is known: a count without it would be wrong.
func parseMembers(config string) ([]cluster.Member, error) {
	var members []cluster.Member
	for line := range strings.Lines(config) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		id, ok := strings.CutPrefix(key, "server.")
		if !ok {
			continue
		}
		m, err := parseMember(value)
		if err != nil {
			return nil, err
		}
		if m.ID, err = strconv.ParseInt(id, 10, 64); err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	return members, nil
}

// parseMember reads what a server's line says: the addresses for its peers, of
// which there may be several from 3.6 on, parted by bars, then its role, and where
// clients connect. The port for clients is told by dynamic configurations only.
func parseMember(value string) (cluster.Member, error) {
	peers, client, _ := strings.Cut(value, ";")
	m := cluster.Member{Voting: true}
	if rest, ok := strings.CutSuffix(peers, ":observer"); ok {
		peers, m.Voting = rest, false
	}
	peers, _ = strings.CutSuffix(peers, ":participant")
	first, _, _ := strings.Cut(peers, "|")
	end := strings.LastIndexByte(first, ':') // of host:port, before the port for elections
	host, _, err := net.SplitHostPort(first[:max(0, end)])
	if err != nil {
		return m, err
	}
	m.Host = host
	if client == "" {
		return m, nil
	}
	port := client[strings.LastIndexByte(client, ':')+1:]
	if m.Port, err = strconv.Atoi(port); err != nil {
		return m, err
	}
	if bound := strings.Trim(strings.TrimSuffix(strings.TrimSuffix(client, port), ":"), "[]"); bound != "" {
		if ip := net.ParseIP(bound); ip == nil || !ip.IsUnspecified() {
			m.Host = bound
		}
	}
	return m, nil
}
