package exporter

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// Limits bounds what a client can take of the HTTP server.
type Limits struct {
	Request time.Duration // to send a request, with its body
	Idle    time.Duration // between two requests on a connection
	Header  int           // bytes of a request's head; net/http allows 4096 more
	Body    int64         // bytes of a request's body
	// To take an answer a client has Answer, and a second for every Rate bytes of
	// it. So a large page may take long, and a client that only pretends to read
	// is given up, however small the steps are in which it does.
	Answer time.Duration
	Rate   int
}

// DefaultLimits are generous to everybody who wants an answer. Prometheus scrapes
// within a minute as a rule; at the Rate, 40 MB may take ten.
var DefaultLimits = Limits{
	Request: 10 * time.Second,
	Idle:    2 * time.Minute,
	Header:  64 << 10, // cookies of a login in front of evenkeel are the largest
	Body:    64 << 10, // nothing that is served takes one yet
	Answer:  30 * time.Second,
	Rate:    64 << 10,
}

// Server returns an HTTP server of the Handler that holds clients to the limits. It
// does not listen yet.
func (e *Exporter) Server(l Limits) *http.Server {
	return &http.Server{
		Handler:           l.handler(e.Handler()),
		ReadHeaderTimeout: l.Request,
		ReadTimeout:       l.Request,
		WriteTimeout:      l.Answer, // of what is answered before the handler is asked
		IdleTimeout:       l.Idle,
		MaxHeaderBytes:    l.Header,
		// An HTTP/2 connection is shared by its streams, whose deadlines do not end it.
		HTTP2:    &http.HTTP2Config{WriteByteTimeout: l.Answer},
		ErrorLog: slog.NewLogLogger(e.log.Handler(), slog.LevelDebug),
	}
}

// handler holds the body of a request and the time of its answer to the limits.
func (l Limits) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := &pacedWriter{ResponseWriter: w, control: http.NewResponseController(w), limits: l, begun: time.Now()}
		if r.ContentLength > l.Body {
			w.Header().Set("Connection", "close")
			http.Error(p, fmt.Sprintf("a body of %d bytes: at most %d are taken", r.ContentLength, l.Body), http.StatusRequestEntityTooLarge)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, l.Body)
		next.ServeHTTP(p, r)
	})
}

// pacedWriter moves the deadline of an answer on with what is written of it.
type pacedWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	limits  Limits
	begun   time.Time
	written int
}

// pacedPiece is how much is written before the deadline moves on.
const pacedPiece = 256 << 10

// Write fails when the client was too slow to take what was written before. It writes
// in pieces, so that only what was taken earns more time.
func (p *pacedWriter) Write(data []byte) (written int, err error) {
	for written < len(data) || len(data) == 0 {
		deadline := p.begun.Add(p.limits.Answer + time.Duration(p.written/p.limits.Rate)*time.Second)
		if err := p.control.SetWriteDeadline(deadline); err != nil {
			return written, fmt.Errorf("deadline of an answer: %w", err)
		}
		n, err := p.ResponseWriter.Write(data[written:min(len(data), written+pacedPiece)])
		written += n
		p.written += n
		if err != nil || len(data) == 0 {
			return written, err
		}
	}
	return written, nil
}

// Unwrap is for http.ResponseController.
func (p *pacedWriter) Unwrap() http.ResponseWriter { return p.ResponseWriter }
