//go:build cluster

package acceptance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// TestSeveralEvenkeels lets three watch one cluster: one of them makes the run, a person
// beside it is refused, and when it dies another takes over with its cool-down.
func TestSeveralEvenkeels(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	defer cancel()
	c := testbed.StartT(t, testbed.Spec{Kafka: "2.4.1", Brokers: 3, OneJVM: true})
	must(t, c.CreateTopic(ctx, "test", forty()))
	const cooldown = 30 * time.Second
	file := keeping(t, c, strings.Replace(stepwise, "cooldown: 1s", fmt.Sprint("cooldown: ", cooldown), 1))
	all := make([]*program, 3)
	for i := range all {
		all[i] = start(t, "--config.file="+file)
	}
	leader, others := awaitLeader(t, all)
	misplace(ctx, t, c, leader)
	leader.shows("a run", 2*time.Minute, "evenkeel_rebalance_run_in_progress 1", `kafka_broker_leaders{broker="0"} >0`)
	code, _, out := run(t, "elect", "--config.file="+file, "--yes", "--log.level=error")
	if code != 2 || !strings.Contains(out, fmt.Sprint("pid ", leader.cmd.Process.Pid)) {
		t.Errorf("elect beside a run: status %d, it does not name who makes it:\n%s", code, out)
	}
	leader.shows("the run is over", 2*time.Minute, `evenkeel_rebalance_runs_total{result="success"} 1`, `kafka_broker_leader_imbalance_ratio{broker="0"} 0`)
	for _, p := range others {
		p.shows("another one has made no run", 10*time.Second, "evenkeel_rebalance_is_leader 0", `evenkeel_rebalance_runs_total{result="success"} 0`,
			`evenkeel_rebalance_runs_total{result="partial"} 0`, `evenkeel_rebalance_runs_total{result="failed"} 0`)
	}
	e, err := leader.elections()
	must(t, err)
	over := e.Runs[0].Ended

	must(t, leader.cmd.Process.Kill())
	_ = leader.cmd.Wait() // it was killed
	killed := time.Now()
	next, _ := awaitLeader(t, others)
	if took := time.Since(killed); took > 15*time.Second {
		t.Errorf("another took over after %v; a session lasts 6 s", took)
	}
	misplace(ctx, t, c, next)
	next.shows("the cool-down of the one that died", time.Minute, `evenkeel_rebalance_blocked{reason="cooldown"} 1`)
	next.shows("a run after it", 2*time.Minute, `evenkeel_rebalance_runs_total{result="success"} 1`, `kafka_broker_leader_imbalance_ratio{broker="0"} 0`)
	e, err = next.elections()
	must(t, err)
	if pause := e.Runs[0].Started.Sub(over); pause < cooldown {
		t.Errorf("it began %v after the last one, less than %v", pause, cooldown)
	}
	noElectionLeft(t, c)
}

// awaitLeader returns who decides, and the others, once exactly one does.
func awaitLeader(t *testing.T, all []*program) (leader *program, others []*program) {
	t.Helper()
	all[0].await("one of them decides", time.Minute, func() error {
		leader, others = nil, nil
		for _, p := range all {
			s, err := p.scrape()
			if err != nil {
				return err
			}
			switch {
			case s.values["evenkeel_rebalance_is_leader"] != 1:
				others = append(others, p)
			case leader != nil:
				return errors.New("two do")
			default:
				leader = p
			}
		}
		if leader == nil {
			return errors.New("none does")
		}
		return nil
	})
	return leader, others
}
