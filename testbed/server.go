package testbed

import (
	"context"
	"fmt"
)

// Server is one ZooKeeper server, broker or controller. Its methods may be called from
// several goroutines.
type Server struct {
	name      string
	id        int
	addr      string
	adminAddr string
	// secureAddr is where a ZooKeeper server listens with TLS, if it does.
	secureAddr string
	// quorumAddr is where the node listens as a controller without ZooKeeper.
	quorumAddr string
	// directAddr is where brokers and the testbed's own consumers reach a broker
	// that advertises a wire under its plain listener; else empty.
	directAddr string
	wire       *Wire   // before a broker, with Spec.Wires
	zkWires    []*Wire // from a broker to each ZooKeeper server
	disks      []disk
	clock      string // the file that says how far the clock is moved, or ""
	proc       *process
	shared     bool // the JVM runs the other ZooKeeper servers as well
	// cleared fails while the server may not be started yet; nil: at any time.
	cleared func(ctx context.Context) error
	// ready fails until the running server serves.
	ready func(ctx context.Context) error
}

// Name returns "broker 0", "controller 3000" or "ZooKeeper server 1".
func (s *Server) Name() string { return s.name }

// ID returns the broker's or controller's id, or the ZooKeeper server's, which
// counts from 1.
func (s *Server) ID() int { return s.id }

// Addr returns where the server listens for clients, as host:port. It stays the
// same for the life of the cluster.
func (s *Server) Addr() string { return s.addr }

// AdminAddr returns where the ZooKeeper server's AdminServer listens, as
// host:port, and "" where Spec.AdminServer has not asked for it.
func (s *Server) AdminAddr() string { return s.adminAddr }

// PID returns the id of the server's process, and 0 while it does not run.
func (s *Server) PID() int { return s.proc.pid() }

// Running tells whether the server's process is there, frozen or not.
func (s *Server) Running() bool { return s.proc.running() }

// LogFile returns the path of the process's log, to which a restarted server
// appends.
func (s *Server) LogFile() string { return s.proc.log }

// Kill ends the server with SIGKILL, frozen or not, and returns when the
// process is reaped. It fails if the server does not run.
func (s *Server) Kill() error {
	if err := s.alone("kill"); err != nil {
		return err
	}
	return s.proc.kill()
}

// Terminate ends the server with SIGTERM and returns when the process is
// reaped, for a broker after its controlled shutdown. It fails if the server
// does not run or ctx ends first; the server may still end then.
func (s *Server) Terminate(ctx context.Context) error {
	if err := s.alone("terminate"); err != nil {
		return err
	}
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	return s.proc.terminate(ctx)
}

// Freeze stops the server with SIGSTOP: its connections stay open and nothing
// is answered. On return it stands still.
func (s *Server) Freeze() error {
	if err := s.alone("freeze"); err != nil {
		return err
	}
	return s.proc.freeze()
}

// Thaw lets a frozen server go on, with SIGCONT. It does not wait until the
// server has found its way back into the cluster.
func (s *Server) Thaw() error {
	if err := s.alone("thaw"); err != nil {
		return err
	}
	return s.proc.thaw()
}

// Start starts a server that was killed or terminated, on the same port and
// data. It returns when a ZooKeeper server serves or a controller has caught up,
// which both need a quorum, and when a broker is registered and has finished
// its start.
func (s *Server) Start(ctx context.Context) error {
	if err := s.alone("start"); err != nil {
		return err
	}
	if err := s.proc.mayStart(); err != nil {
		return err
	}
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	if s.cleared != nil {
		err := waitFor(ctx, "before the start of "+s.name, func() error { return s.cleared(ctx) })
		if err != nil {
			return err
		}
	}
	if err := s.proc.start(); err != nil {
		return err
	}
	return s.await(ctx)
}

// Restart is Terminate, then Start.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.Terminate(ctx); err != nil {
		return err
	}
	return s.Start(ctx)
}

// await returns when the started server serves; a process that ended is
// reported at once.
func (s *Server) await(ctx context.Context) error {
	return waitFor(ctx, "start "+s.name, func() error {
		if err := s.proc.ended(); err != nil {
			return permanent{err}
		}
		return s.ready(ctx)
	})
}

func (s *Server) alone(verb string) error {
	if s.shared {
		return fmt.Errorf("testbed: cannot %s %s alone: Spec.OneJVM put it into one process with the others", verb, s.name)
	}
	return nil
}
