package proxy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Traffic is what went through proxies up to some time.
type Traffic struct {
	// Requests are their numbers by the API's name, such as "ListOffsets".
	Requests map[string]int
	// Sent and Received are bytes from the clients and to the clients.
	Sent, Received int64
	// Garbled is the number of connections whose requests could not be counted,
	// because what the client sent was not Kafka's protocol in the clear.
	Garbled int
	// Last is when something was last passed on, and zero before the first time.
	Last time.Time
}

// Minus returns what was added since an earlier reading.
func (t Traffic) Minus(earlier Traffic) Traffic {
	t.Requests = maps.Clone(t.Requests)
	for name, n := range earlier.Requests {
		if t.Requests[name] -= n; t.Requests[name] == 0 {
			delete(t.Requests, name)
		}
	}
	t.Sent -= earlier.Sent
	t.Received -= earlier.Received
	t.Garbled -= earlier.Garbled
	return t
}

// Total returns the number of requests of all kinds but the named ones.
func (t Traffic) Total(except ...string) int {
	total := 0
	for name, n := range t.Requests {
		if !slices.Contains(except, name) {
			total += n
		}
	}
	return total
}

// Kinds lists the requests, the most frequent first, each divided by a number of
// polls: "ListOffsets 9, Metadata 1".
func (t Traffic) Kinds(polls int) string {
	names := slices.SortedFunc(maps.Keys(t.Requests), func(a, b string) int {
		return cmp.Or(t.Requests[b]-t.Requests[a], strings.Compare(a, b))
	})
	for i, name := range names {
		each := fmt.Sprintf("%.1f", float64(t.Requests[name])/float64(polls))
		names[i] = name + " " + strings.TrimSuffix(each, ".0")
	}
	return strings.Join(names, ", ")
}

// Meter adds up what goes through the proxies that share it. The zero value is
// ready. Its methods may be called from several goroutines.
type Meter struct {
	mu      sync.Mutex
	traffic Traffic
}

// Read returns what has gone through so far; its map is the caller's.
func (m *Meter) Read() Traffic {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.traffic
	t.Requests = maps.Clone(t.Requests)
	return t
}

func (m *Meter) change(f func(*Traffic)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f(&m.traffic)
	m.traffic.Last = time.Now()
}

func (m *Meter) request(key int16) {
	m.change(func(t *Traffic) {
		if t.Requests == nil {
			t.Requests = make(map[string]int)
		}
		t.Requests[kmsg.NameForKey(key)]++
	})
}
