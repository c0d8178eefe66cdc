package exporter

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/evenkeel/evenkeel/cluster"
)

// namesShown is how many partitions a person is told of; a script gets all.
const namesShown = 20

// checkRestart is the answer to "may I restart this broker?".
type checkRestart struct {
	Cluster string `json:"cluster"`
	Broker  int32  `json:"broker"`
	Verdict string `json:"verdict"` // yes, no, unknown
	// Down: it is not registered, so that nothing would change.
	Down        bool                    `json:"down,omitempty"`
	Offline     []cluster.PartitionName `json:"offline"`
	UnderMinISR []cluster.PartitionName `json:"under_min_isr"`
	LosesQuorum bool                    `json:"loses_quorum,omitempty"`
	Unknown     string                  `json:"unknown,omitempty"` // why the answer is not certain
}

// restartReport writes whether a broker may be stopped, and returns Healthy, Broken or
// Untold. The error says why there is no answer.
func restartReport(s *cluster.Snapshot, id int32, opts CheckOptions) (cluster.Verdict, error) {
	stop, err := s.Stopping(id)
	if err != nil {
		if !s.Registrations.OK() {
			err = fmt.Errorf("%w: who belongs to it could not be read", err)
		}
		return cluster.Untold, err
	}
	verdict := stop.Verdict()
	answer := checkRestart{
		Cluster: s.Cluster, Broker: id, Down: stop.Down, LosesQuorum: stop.LosesQuorum, Unknown: stop.Unknown,
		Verdict: map[cluster.Verdict]string{cluster.Healthy: "yes", cluster.Broken: "no", cluster.Untold: "unknown"}[verdict],
		Offline: append([]cluster.PartitionName{}, stop.Offline...), UnderMinISR: append([]cluster.PartitionName{}, stop.Breaks...),
	}
	if opts.JSON {
		enc := json.NewEncoder(opts.Out)
		enc.SetIndent("", "  ")
		return verdict, enc.Encode(answer)
	}
	return verdict, answer.write(opts.Out, paintFor(opts.Colour))
}

// write says it to a person.
func (a checkRestart) write(out io.Writer, paint painter) error {
	var b strings.Builder
	who := fmt.Sprintf("broker %d of %s", a.Broker, a.Cluster)
	switch {
	case a.Down:
		fmt.Fprintf(&b, "%s: %s, it is not registered; nothing would change\n", who, paint.good("yes"))
	case a.Verdict == "yes":
		fmt.Fprintf(&b, "%s: %s, it may be stopped now\n", who, paint.good("yes"))
	case a.Verdict == "no":
		fmt.Fprintf(&b, "%s: %s, do not stop it now\n", who, paint.bad("no"))
	default:
		fmt.Fprintf(&b, "%s: %s, it could not be told\n", who, paint.warn("unknown"))
	}
	listNames(&b, "would be offline", a.Offline)
	listNames(&b, "would be under min.insync.replicas: acks=all would fail", a.UnderMinISR)
	if a.LosesQuorum {
		b.WriteString("  the controllers would lose their majority\n")
	}
	if a.Unknown != "" {
		fmt.Fprintf(&b, "  not certain: %s\n", a.Unknown)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func listNames(b *strings.Builder, what string, names []cluster.PartitionName) {
	if len(names) == 0 {
		return
	}
	partitions := "partitions"
	if len(names) == 1 {
		partitions = "partition"
	}
	fmt.Fprintf(b, "  %d %s %s:", len(names), partitions, what)
	for i, name := range names {
		if i == namesShown {
			fmt.Fprintf(b, " and %d more", len(names)-namesShown)
			break
		}
		fmt.Fprintf(b, " %s", name)
	}
	b.WriteByte('\n')
}
