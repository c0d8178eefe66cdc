//go:build cluster

package acceptance

import (
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// struck notes that the fault is there from now on.
func (s *scene) struck() {
	if s.begun.IsZero() {
		s.begun = time.Now()
	}
}

// The following strike servers, and choose whom to ask for the truth meanwhile.

func (s *scene) kill(servers ...*testbed.Server) {
	s.t.Helper()
	s.victims = append(s.victims, servers...)
	s.distrust()
	s.struck()
	for _, v := range servers {
		must(s.t, v.Kill())
	}
}

func (s *scene) freeze(servers ...*testbed.Server) {
	s.t.Helper()
	s.victims = append(s.victims, servers...)
	s.distrust()
	s.struck()
	for _, v := range servers {
		must(s.t, v.Freeze())
	}
}

func (s *scene) thawStruck() {
	s.t.Helper()
	for _, v := range s.victims {
		must(s.t, v.Thaw())
	}
}

func (s *scene) reviveStruck() { s.revive(s.victims...) }

func (s *scene) undone() { s.undo() }

// revive starts servers side by side, since each may wait for the others.
func (s *scene) revive(servers ...*testbed.Server) {
	s.t.Helper()
	errs := make(chan error, len(servers))
	for _, v := range servers {
		go func() { errs <- v.Start(s.ctx) }()
	}
	for range servers {
		must(s.t, <-errs)
	}
}

// distrust has a broker asked for the truth that was not struck.
func (s *scene) distrust() {
	for _, b := range s.c.Brokers() {
		hit := false
		for _, v := range s.victims {
			hit = hit || v == b
		}
		if !hit && b.Running() {
			s.trusted.Store(int32(b.ID()))
			return
		}
	}
}
