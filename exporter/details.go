package exporter

import (
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

var errUndescribed = errors.New("this snapshot cannot be described, see the log")

// details is a snapshot in full as the API tells it: tens of megabytes of a large
// cluster. It is made when the first client asks, and shared by all that do, for
// their number must not decide what it takes. The zero details is ready for use.
type details struct {
	once sync.Once
	data []byte
	err  error
}

// of returns the JSON of s, which must be the same in every call. The bytes are
// shared and must not be changed.
func (d *details) of(s *cluster.Snapshot) ([]byte, error) {
	d.once.Do(func() {
		d.err = errUndescribed // unless what follows comes to its end
		d.data, d.err = json.Marshal(describeSnapshot(s, true))
	})
	return d.data, d.err
}

// serveDetails tells everything of one cluster.
func serveDetails(w http.ResponseWriter, of *watcher, now time.Time) {
	p, fresh := of.fresh(now)
	if !fresh {
		writeJSON(w, describe(of, now, true))
		return
	}
	data, err := p.details.of(p.snapshot)
	writeMarshalled(w, data, err)
}
