package cluster

// Verdict sums a snapshot up.
type Verdict uint8

// Verdicts, with the values that `evenkeel check` exits with.
const (
	Healthy  Verdict = 0
	Worrying Verdict = 1
	Broken   Verdict = 2
	Untold   Verdict = 3 // too little could be seen to tell
)

func (v Verdict) String() string {
	return [...]string{"healthy", "warning", "critical", "unknown"}[v]
}

// Worse returns the graver of two verdicts. That one cluster is broken weighs more
// than that of another nothing could be told.
func (v Verdict) Worse(o Verdict) Verdict {
	rank := [...]int{Healthy: 0, Worrying: 1, Untold: 2, Broken: 3}
	if rank[o] > rank[v] {
		return o
	}
	return v
}

// Verdict says how the cluster is. What the cluster is seen to suffer decides
// first; that we cannot see is no suffering of the cluster's, but no health
// either.
func (s *Snapshot) Verdict() Verdict {
	worst := Healthy
	for _, t := range s.Troubles {
		switch {
		case t.Severity == Critical && !t.Blind && t.Seen:
			return Broken
		default:
			worst = Worrying
		}
	}
	picture, read := s.Picture.Get()
	if !s.Registrations.OK() || !read || !s.Reachable() || !s.Summary.StatesKnown && !picture.LeadersOnly {
		return Untold
	}
	return worst
}
