package rebalance

import (
	"fmt"
	"strings"
	"time"
)

// What happens to the processes of the model, and what people do to them.

// trouble is what happens between two polls.
func (m *model) trouble() {
	w := m.w
	gap := time.Duration(1+w.rng.IntN(25)) * time.Second
	times := 1
	if w.chance(0.004) { // everything that watches is suspended
		gap, times = time.Duration(1+w.rng.IntN(10))*time.Minute, 4
	}
	for range times {
		w.now += gap
		if names := w.happen(); len(names) > 0 {
			m.trail = append(m.trail, fmt.Sprintf("%s: %s", w.now, strings.Join(names, ", ")))
		}
		if times > 1 {
			w.react()
		}
	}
	m.processes()
	m.people()
}

func (m *model) processes() {
	w := m.w
	if w.chance(0.004) {
		m.dark = true
	}
	if w.chance(0.1) {
		m.dark = false
	}
	if w.chance(0.002) {
		m.stored = []byte("unreadable")
	}
	for _, k := range m.keepers {
		if w.chance(0.003) {
			m.trail = append(m.trail, fmt.Sprintf("%s: process %d restarts", w.now, k.id))
			k.restart()
		}
		if w.chance(0.003) {
			k.refused = "not authorized"
		}
		if w.chance(0.05) {
			k.refused = ""
		}
	}
	if next := w.rng.IntN(len(m.keepers)); next != m.leader && w.chance(0.01) {
		m.keepers[m.leader].run = nil
		m.leader = next
		m.keepers[next].load()
	}
}

func (m *model) people() {
	w, k := m.w, m.keepers[m.leader]
	switch {
	case w.chance(0.002):
		k.kept.Paused, m.truth.paused = &Pause{Since: k.now().wall}, true
		k.save()
	case w.chance(0.005) && (m.truth.paused || m.truth.pingPong || len(m.truth.excluded) > 0):
		m.resume()
	case w.chance(0.003):
		id, until := w.anyBroker().id, k.now().wall.Add(30*time.Minute)
		if k.kept.Excluded == nil {
			k.kept.Excluded = map[int32]time.Time{}
		}
		if m.truth.excluded == nil {
			m.truth.excluded = map[int32]time.Time{}
		}
		k.kept.Excluded[id], m.truth.excluded[id] = until, until
		k.save()
	}
}

// resume is a person's word that runs may be made again, to every broker.
func (m *model) resume() {
	k := m.keepers[m.leader]
	k.kept.Paused = nil
	k.kept.ClearPingPong()
	k.kept.Excluded = nil
	k.save()
	m.truth.paused, m.truth.pingPong, m.truth.losses, m.truth.excluded = false, false, nil, nil
}

// why says what the one who decides gives as his reasons.
func (m *model) why() string {
	k := m.keepers[m.leader]
	d := decide(k.last, m.policy, Memory{Watch: k.watch, Kept: k.kept}, k.now().wall, m.guards, m.skips)
	return fmt.Sprint(d.Blocked, d.Skipped)
}
