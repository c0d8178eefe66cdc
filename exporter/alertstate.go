package exporter

import (
	"bytes"
	"compress/gzip"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/evenkeel/evenkeel/alerts/evaluate"
)

// samplesSuffix makes the path of the file with what rules look back at out of that of the
// state file. The two are apart because this one is many times larger, and can be lost:
// then rules look back as far as evenkeel has seen since.
const samplesSuffix = ".samples"

// remembered gives a new evaluator what was remembered of its cluster.
func (a *alerting) remembered(name string, e *evaluate.Evaluator) {
	e.Restore(a.state.alertsOf(name), time.Now())
	if samples := a.state.samplesOf(name); samples != nil {
		if err := e.RestoreSamples(bytes.NewReader(samples)); err != nil {
			a.log.Warn("Alerts look back no further than now", "path", a.state.path+samplesSuffix, "err", err)
		}
	}
}

// save keeps the alerts of the evaluators for which which says so.
func (a *alerting) save(which func(*evaluate.Evaluator) bool) {
	for name, e := range a.all() {
		if which(e) {
			a.state.setAlerts(name, e.Save())
		}
	}
}

// saveSamples keeps what rules look back at.
func (a *alerting) saveSamples() {
	all := map[string][]byte{}
	for name, e := range a.all() {
		var buf bytes.Buffer
		if err := e.SaveSamples(&buf); err != nil {
			a.log.Error("Samples for alerts not kept", "kafka_cluster", name, "err", err)
			continue
		}
		all[name] = buf.Bytes()
	}
	a.state.setSamples(all)
}

// alertsOf returns what is remembered of the alerts of a cluster.
func (f *stateFile) alertsOf(name string) evaluate.Saved {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.alerts[name]
}

// setAlerts takes over the alerts of a cluster, and writes the file.
func (f *stateFile) setAlerts(name string, saved evaluate.Saved) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.alerts[name] = saved
	_ = f.write() // it says so itself
}

// samplesOf returns what is remembered of what rules look back at in a cluster, nil where
// nothing is. What was read of the file is forgotten with it.
func (f *stateFile) samplesOf(name string) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	samples := f.samples[name]
	delete(f.samples, name)
	return samples
}

// setSamples writes the samples of all clusters.
func (f *stateFile) setSamples(all map[string][]byte) {
	if f.path == "" || len(all) == 0 {
		return
	}
	var buf bytes.Buffer
	packed := gzip.NewWriter(&buf)
	err := errors.Join(gob.NewEncoder(packed).Encode(all), packed.Close())
	if err == nil {
		err = writeFile(f.path+samplesSuffix, buf.Bytes())
	}
	if err != nil {
		f.log.Error("Samples for alerts not kept: after a restart rules look back no further than that", "path", f.path+samplesSuffix, "err", err)
	}
}

// maxSamplesFile bounds what is read of the file with the samples, unpacked.
const maxSamplesFile = 1 << 30

// readSamples reads the file that setSamples wrote. That it is not there, or cannot be
// understood, is no reason not to start.
func (f *stateFile) readSamples() {
	packed, err := os.ReadFile(f.path + samplesSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		err = f.unpackSamples(packed)
	}
	if err != nil {
		f.log.Warn("Samples for alerts not read: rules look back no further than now", "path", f.path+samplesSuffix, "err", err)
	}
}

func (f *stateFile) unpackSamples(packed []byte) error {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return err
	}
	all := map[string][]byte{}
	if err := gob.NewDecoder(io.LimitReader(r, maxSamplesFile)).Decode(&all); err != nil {
		return fmt.Errorf("not as it was written: %w", err)
	}
	f.samples = all
	return nil
}
