// Package config turns a YAML file, or a handful of flags, into a [Config]
// that has been checked from end to end.
//
// Two sets of types keep apart what a user wrote from what the program may
// rely on. The raw types (raw.go) have the shape of the file; decoder fills
// them, refusing whatever the file may not say. The exported types are made
// from raw ones by the functions in validate.go and by nothing else: whoever
// is handed a [Cluster] need not check it again.
//
// A mistake is reported as one line that says where it is, which key it
// concerns and what is allowed there:
//
//	evenkeel.yml:4: clusters[0].kafka.brokres: unknown key; allowed here: brokers, flavour, ...
package config

import (
	"fmt"
	"os"
)

// Config is a validated configuration with every default filled in. Nobody
// changes it once it has been made, so that it may be shared freely.
type Config struct {
	// Clusters holds at least one cluster, in the order of the file.
	Clusters []Cluster
	Alerts   Alerts
	// StateFile is the path of the file that outlives a restart; "" keeps the
	// state in memory only.
	StateFile string
	Web       Web
}

// Web is what the HTTP server has to know about the world outside.
type Web struct {
	// ExternalURL is the URL under which users reach this evenkeel; "" when
	// it was left out.
	ExternalURL string
}

// Load reads and validates the configuration file at path. The error is one
// line that names the file and, for a mistake in its content, line and key.
func Load(path string) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	return Parse(path, data)
}

// Parse validates a configuration file that has already been read; name stands
// for it in errors. References such as ${NAME} are replaced from the
// environment of the process. Of several mistakes the error tells one, as a rule
// the first in the file. Parse does not keep data.
func Parse(name string, data []byte) (*Config, error) {
	d := &decoder{file: name, lines: map[string]int{"": 1}, lookupEnv: os.LookupEnv}
	root, err := d.document(data)
	if err != nil {
		return nil, err
	}
	return d.config(root)
}
