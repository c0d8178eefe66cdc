package exporter

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/evenkeel/evenkeel/alerts/evaluate"
	"github.com/evenkeel/evenkeel/cluster"
)

// stateVersion is the version of the state file's format.
const stateVersion = 1

// refreshState is how often the state file is written when nothing but the time
// at which brokers were last seen has changed.
const refreshState = 10 * time.Minute

// stateContent is what outlives the process.
type stateContent struct {
	Version  int                     `json:"version"`
	Clusters map[string]clusterState `json:"clusters"`
	Alerts   evaluate.Saved          `json:"alerts,omitempty"` // on the process
}

type clusterState struct {
	Brokers   []cluster.KnownBroker `json:"known_brokers"`
	Rebalance *rebalanceMemory      `json:"rebalance,omitempty"`
	Alerts    evaluate.Saved        `json:"alerts,omitempty"`
}

// stateFile keeps over restarts the known brokers of all clusters, what is known of
// elections, and alerts. With an empty path it keeps them in memory only, which is over reloads.
type stateFile struct {
	path string
	log  *slog.Logger

	mu      sync.Mutex
	brokers map[string]cluster.Known
	runs    map[string]rebalanceMemory
	alerts  map[string]evaluate.Saved // that of the process under ofProcess
	samples map[string][]byte         // what was read at the start and not yet taken
	written time.Time
	failing bool // the last attempt to write failed
}

// openState reads the state file. One that is not there is an empty one; one that
// cannot be understood is an error, since to overwrite it would lose what another
// release or another program keeps there.
func openState(path string, log *slog.Logger) (*stateFile, error) {
	f := &stateFile{path: path, log: log, brokers: map[string]cluster.Known{}, runs: map[string]rebalanceMemory{}, alerts: map[string]evaluate.Saved{}}
	if path == "" {
		return f, nil
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return nil, fmt.Errorf("state_file: %w", err)
	}
	var content stateContent
	if err := json.Unmarshal(data, &content); err != nil {
		return nil, fmt.Errorf("state_file %s: not a state file of evenkeel (%w); move it away to start anew", path, err)
	}
	if content.Version != stateVersion {
		return nil, fmt.Errorf("state_file %s: version %d, this evenkeel knows version %d; move it away to start anew", path, content.Version, stateVersion)
	}
	f.alerts[ofProcess] = content.Alerts
	f.readSamples()
	for name, c := range content.Clusters {
		f.alerts[name] = c.Alerts
		known := cluster.Known{}
		for _, b := range c.Brokers {
			known[b.ID] = b
		}
		f.brokers[name] = known
		if c.Rebalance != nil {
			f.runs[name] = *c.Rebalance
		}
	}
	return f, nil
}

// rebalance returns what is remembered of elections in a cluster. It is not to be changed.
func (f *stateFile) rebalance(name string) rebalanceMemory {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.runs[name]
}

// setRebalance changes what is remembered of elections in a cluster, and writes the file
// before it returns.
func (f *stateFile) setRebalance(name string, change func(*rebalanceMemory)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := f.runs[name]
	change(&m)
	f.runs[name] = m
	return f.write()
}

// known returns the brokers known of a cluster, in a map that must not be changed.
func (f *stateFile) known(name string) cluster.Known {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.brokers[name]
}

// remember takes over the known brokers of a cluster, and writes the file when
// they changed or were last written long ago.
func (f *stateFile) remember(name string, known cluster.Known) {
	f.mu.Lock()
	defer f.mu.Unlock()
	same := f.brokers[name].Same(known)
	f.brokers[name] = known
	if !same || f.failing || time.Since(f.written) > refreshState {
		_ = f.write() // it says so itself
	}
}

// flush writes the file, without the clusters that are no longer watched.
func (f *stateFile) flush(watched []*watcher) {
	f.mu.Lock()
	defer f.mu.Unlock()
	gone := func(name string) bool {
		return !slices.ContainsFunc(watched, func(w *watcher) bool { return w.cfg.Name == name })
	}
	maps.DeleteFunc(f.brokers, func(name string, _ cluster.Known) bool { return gone(name) })
	maps.DeleteFunc(f.runs, func(name string, _ rebalanceMemory) bool { return gone(name) })
	maps.DeleteFunc(f.alerts, func(name string, _ evaluate.Saved) bool { return name != ofProcess && gone(name) })
	_ = f.write() // it says so itself
}

// write replaces the file as a whole. That it fails is said once, and once more
// when it works again.
func (f *stateFile) write() error {
	if f.path == "" {
		return nil
	}
	content := stateContent{Version: stateVersion, Clusters: map[string]clusterState{}, Alerts: f.alerts[ofProcess]}
	for name, known := range f.brokers {
		content.Clusters[name] = clusterState{Brokers: known.Sorted()}
	}
	for name, m := range f.runs {
		c := content.Clusters[name]
		c.Rebalance = &m
		content.Clusters[name] = c
	}
	for name, saved := range f.alerts {
		if c, ok := content.Clusters[name]; ok || len(saved) > 0 && name != ofProcess {
			c.Alerts = saved
			content.Clusters[name] = c
		}
	}
	data, err := json.MarshalIndent(content, "", "  ")
	if err == nil {
		err = writeFile(f.path, append(data, '\n'))
	}
	switch {
	case err != nil && !f.failing:
		f.log.Error("State file not written: known brokers, elections and alerts will be forgotten at a restart", "path", f.path, "err", err)
	case err == nil && f.failing:
		f.log.Info("State file written again", "path", f.path)
	}
	f.failing = err != nil
	f.written = time.Now()
	return err
}

// writeFile replaces a file atomically: whoever reads it, also after a crash, sees
// the old content or the new one.
func writeFile(path string, data []byte) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(tmp.Name()))
		}
	}()
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
