package exporter

import (
	"encoding/json"
	"errors"
	"fmt"
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

// maxAnswers is how many full answers may be on their way at once. One may be for
// minutes, to a slow client, and keeps its snapshot and all of its bytes in memory,
// though polls have made newer ones since: without a bound it is clients who decide how
// many old snapshots there are.
const maxAnswers = 4

// turns are given to those who want a full answer. Who gets none is told at once: to
// wait would hold his connection as well.
type turns chan struct{}

func newTurns() turns { return make(turns, maxAnswers) }

// take returns false when there is none now. One that was taken is to be given back.
func (t turns) take() bool {
	select {
	case t <- struct{}{}:
		return true
	default:
		return false
	}
}

func (t turns) giveBack() { <-t }

// serveDetails tells everything of one cluster.
func (e *Exporter) serveDetails(w http.ResponseWriter, of *watcher, now time.Time) {
	p, fresh := of.fresh(now)
	if !fresh {
		writeJSON(w, describe(of, now, true))
		return
	}
	if !e.answers.take() {
		w.Header().Set("Retry-After", "5")
		http.Error(w, fmt.Sprintf("%d clients are being told everything of a cluster, which is as many as can be at once: ask again later", maxAnswers), http.StatusServiceUnavailable)
		return
	}
	defer e.answers.giveBack()
	data, err := p.details.of(p.snapshot)
	writeMarshalled(w, data, err)
}
