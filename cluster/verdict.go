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
	if !s.Registrations.OK() || !s.Picture.OK() || !s.Reachable() || !s.Summary.StatesKnown {
		return Untold
	}
	return worst
}
