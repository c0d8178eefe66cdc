package testbed

import (
	"context"
	"errors"
	"fmt"
)

// Consumer reads for a consumer group. It goes on from where the group has
// committed, else from the beginning (a further member of a group with offsets in
// ZooKeeper: from the end), and commits five times a second.
type Consumer struct {
	proc  *process       // nil: in this process
	local *localConsumer // nil: a process
}

var errInProcess = errors.New("testbed: this consumer runs inside the calling process")

// StartConsumer starts a member of a group and returns when the group has taken
// it in: the group is stable and has one member more than before. It is the
// release's own console consumer, in a process of its own, on 0.8 with members
// and offsets in ZooKeeper. Where that is not in the jars (3.9, 4.x), it is
// sarama's, in this process. On 0.9 a member can read one topic only; members of
// one group may read different ones.
func (c *Cluster) StartConsumer(ctx context.Context, group string, topics ...string) (*Consumer, error) {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	if len(topics) == 0 {
		return nil, fmt.Errorf("testbed: consumer of group %s: no topics", group)
	}
	rel := c.oldest()
	if rel.console == consoleOneTopic && len(topics) > 1 {
		return nil, fmt.Errorf("testbed: consumer of group %s: that of Kafka %s reads one topic; start one for each of %v", group, rel.version, topics)
	}
	before, err := c.members(ctx, group)
	if err != nil {
		return nil, err
	}
	var consumer *Consumer
	if rel.console == consoleNone {
		consumer, err = c.startLocalConsumer(ctx, group, topics)
	} else {
		consumer, err = c.startConsoleConsumer(ctx, group, topics)
	}
	if err != nil {
		return nil, fmt.Errorf("testbed: consumer of group %s: %w", group, err)
	}
	return consumer.joined(ctx, "wait until group "+group+" has taken a member in", func() error {
		now, err := c.groupMembers(ctx, group)
		if err == nil && now <= before {
			err = fmt.Errorf("it has %d members", now)
		}
		return err
	})
}

// Process tells whether the consumer is a process, which can be frozen and
// killed, or runs inside this one.
func (m *Consumer) Process() bool { return m.proc != nil }

// PID returns the id of the consumer's process, and 0 if there is none.
func (m *Consumer) PID() int {
	if m.proc == nil {
		return 0
	}
	return m.proc.pid()
}

// LogFile returns the path of the process's log, and "" if there is none.
func (m *Consumer) LogFile() string {
	if m.proc == nil {
		return ""
	}
	return m.proc.log
}

// Stop has the consumer leave its group, if it is a member, and end. It may be
// called more than once.
func (m *Consumer) Stop() error {
	if m.local != nil {
		return m.local.stop()
	}
	ctx, cancel := withDeadline(context.Background())
	defer cancel()
	if err := m.proc.terminate(ctx); err != nil && !errors.Is(err, errNotRunning) {
		return err
	}
	return nil
}

// Kill ends the consumer's process with SIGKILL: the group has the member until
// its session of 3 s ends. It fails for a consumer inside this process.
func (m *Consumer) Kill() error {
	if m.proc == nil {
		return errInProcess
	}
	return m.proc.kill()
}

// Freeze stops the consumer's process with SIGSTOP. It fails for a consumer
// inside this process.
func (m *Consumer) Freeze() error {
	if m.proc == nil {
		return errInProcess
	}
	return m.proc.freeze()
}

// Thaw lets a frozen consumer go on.
func (m *Consumer) Thaw() error {
	if m.proc == nil {
		return errInProcess
	}
	return m.proc.thaw()
}

// joined returns the consumer once try succeeds. If it ends before, or ctx does,
// nothing is left of it.
func (m *Consumer) joined(ctx context.Context, what string, try func() error) (*Consumer, error) {
	err := waitFor(ctx, what, func() error {
		if m.proc != nil {
			if err := m.proc.ended(); err != nil {
				return permanent{err}
			}
		}
		return try()
	})
	if err != nil {
		return nil, errors.Join(err, m.discard())
	}
	return m, nil
}

// discard ends a consumer that did not become a member.
func (m *Consumer) discard() error {
	if m.proc == nil {
		return m.local.stop()
	}
	return m.proc.retire()
}
