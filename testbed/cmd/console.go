package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/evenkeel/evenkeel/testbed"
)

const usage = `type VERB broker N or VERB zookeeper N, where VERB is kill, terminate, freeze, thaw, start or restart;
elect TOPIC; servers for the table; Ctrl-C to stop everything`

// obey does what one line says.
func obey(ctx context.Context, c *testbed.Cluster, line string, out io.Writer) error {
	words := strings.Fields(line)
	switch {
	case len(words) == 0:
		return nil
	case len(words) == 1 && words[0] == "servers":
		printServers(out, c)
		return nil
	case len(words) == 2 && words[0] == "elect":
		return done(out, line, c.ElectPreferred(ctx, words[1]))
	case len(words) == 3:
		s, err := findServer(words[1], words[2], c.ZooKeepers(), c.Brokers())
		if err != nil {
			return err
		}
		return done(out, line, act(ctx, s, words[0]))
	default:
		return fmt.Errorf("%q: %s", line, usage)
	}
}

// done says that a line was obeyed, if it was.
func done(out io.Writer, line string, err error) error {
	if err == nil {
		fmt.Fprintln(out, "done:", strings.TrimSpace(line))
	}
	return err
}

// act does what verb says to a server.
func act(ctx context.Context, s *testbed.Server, verb string) error {
	switch verb {
	case "kill":
		return s.Kill()
	case "terminate":
		return s.Terminate(ctx)
	case "freeze":
		return s.Freeze()
	case "thaw":
		return s.Thaw()
	case "start":
		return s.Start(ctx)
	case "restart":
		return s.Restart(ctx)
	default:
		return fmt.Errorf("%q: %s", verb, usage)
	}
}

// findServer returns the server with the given kind and ID.
func findServer(kind, id string, zookeepers, brokers []*testbed.Server) (*testbed.Server, error) {
	servers := brokers
	switch kind {
	case "broker":
	case "zookeeper":
		servers = zookeepers
	default:
		return nil, fmt.Errorf("%q: want broker or zookeeper", kind)
	}
	n, err := strconv.Atoi(id)
	if err != nil {
		return nil, fmt.Errorf("%s %q: want a number", kind, id)
	}
	i := slices.IndexFunc(servers, func(s *testbed.Server) bool { return s.ID() == n })
	if i < 0 {
		return nil, fmt.Errorf("there is no %s %d", kind, n)
	}
	return servers[i], nil
}
