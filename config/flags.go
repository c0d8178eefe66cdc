package config

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Flags is what the command line says about a single cluster, as it was typed.
// ClusterName and PollInterval need DefaultClusterName and DefaultPollInterval as
// their flags' defaults; of the others, "" is a flag that was not given.
type Flags struct {
	Brokers       string // HOST:PORT,...
	ZooKeeper     string // HOST:PORT,...[/chroot]
	ClusterName   string
	PollInterval  string // a duration, as in the file
	PollTimeout   string // a duration; "" for DefaultPollTimeout, or PollInterval where that is shorter
	RebalanceMode string // one of the values of Mode
}

// flagNames tells which flag stands for a key of the file.
var flagNames = map[string]string{
	"clusters[0].name":           "--cluster.name",
	"clusters[0].kafka.brokers":  "--kafka.brokers",
	"clusters[0].zookeeper":      "--zookeeper.servers",
	"clusters[0].poll.interval":  "--poll.interval",
	"clusters[0].poll.timeout":   "--poll.timeout",
	"clusters[0].rebalance.mode": "--rebalance.mode",
}

// FromFlags validates a single cluster without a file. The error is one line
// that begins with the flag, such as "--kafka.brokers: ...".
//
// The flags are laid out as the file that would say the same, so that they go
// through the same checks. References such as ${NAME} are left to the shell.
func FromFlags(f Flags) (*Config, error) {
	d := &decoder{flags: flagNames}
	if f.Brokers == "" && f.ZooKeeper == "" {
		return nil, errors.New("--kafka.brokers or --zookeeper.servers: one of them is required: brokers as HOST:PORT,..., or ZooKeeper servers as HOST:PORT,...[/chroot]; or --config.file for a file")
	}
	poll := map[string]any{"interval": f.PollInterval}
	if f.PollTimeout != "" {
		poll["timeout"] = f.PollTimeout
	}
	cluster := map[string]any{
		"name":  f.ClusterName,
		"kafka": map[string]any{"brokers": splitList(f.Brokers)},
		"poll":  poll,
	}
	if f.RebalanceMode != "" {
		cluster["rebalance"] = map[string]any{"mode": f.RebalanceMode}
	}
	if servers, chroot, found := strings.Cut(strings.TrimSpace(f.ZooKeeper), "/"); servers != "" || found {
		if strings.Contains(chroot, ",") {
			return nil, d.errorf("clusters[0].zookeeper", "%q has a server after the chroot; the chroot must come once, after the last server", f.ZooKeeper)
		}
		zookeeper := map[string]any{"servers": splitList(servers)}
		if found {
			zookeeper["chroot"] = "/" + chroot
		}
		cluster["zookeeper"] = zookeeper
	}
	file := nodeOf(map[string]any{"clusters": []any{cluster}})
	var raw rawFile
	if err := d.decode(file, reflect.ValueOf(&raw).Elem(), ""); err != nil {
		return nil, err
	}
	return d.config(&raw)
}

// nodeOf makes of maps, lists and texts what the parser would make of them in a
// file. The library's own way leads over YAML's text, which cannot hold every text.
func nodeOf(v any) *yaml.Node {
	switch v := v.(type) {
	case string:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: v}
	case []string:
		return nodesOf(yaml.SequenceNode, v)
	case []any:
		return nodesOf(yaml.SequenceNode, v)
	case map[string]any:
		var entries []any
		for _, key := range slices.Sorted(maps.Keys(v)) {
			entries = append(entries, key, v[key])
		}
		return nodesOf(yaml.MappingNode, entries)
	default:
		panic(fmt.Sprintf("config: no node of %T", v))
	}
}

func nodesOf[T any](kind yaml.Kind, list []T) *yaml.Node {
	n := &yaml.Node{Kind: kind}
	for _, v := range list {
		n.Content = append(n.Content, nodeOf(v))
	}
	return n
}

// splitList splits at commas and forgives blanks around them; an empty entry
// stays, to be refused where its flag is known.
func splitList(text string) []string {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	list := strings.Split(text, ",")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}
