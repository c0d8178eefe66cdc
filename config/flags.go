package config

import (
	"errors"
	"fmt"
	"reflect"
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
	poll := map[string]string{"interval": f.PollInterval}
	if f.PollTimeout != "" {
		poll["timeout"] = f.PollTimeout
	}
	cluster := map[string]any{
		"name":  f.ClusterName,
		"kafka": map[string]any{"brokers": splitList(f.Brokers)},
		"poll":  poll,
	}
	if f.RebalanceMode != "" {
		cluster["rebalance"] = map[string]string{"mode": f.RebalanceMode}
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
	var file yaml.Node
	if err := file.Encode(map[string]any{"clusters": []any{cluster}}); err != nil {
		return nil, fmt.Errorf("flags: %w", err)
	}
	var raw rawFile
	if err := d.decode(&file, reflect.ValueOf(&raw).Elem(), "", true); err != nil {
		return nil, err
	}
	return d.config(&raw)
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
