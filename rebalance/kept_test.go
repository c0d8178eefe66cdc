package rebalance

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func fullKept() Kept {
	return Kept{
		Version: 1, Runs: []Done{{Started: t0, Ended: t0.Add(time.Minute), ByHand: true}},
		Restored: []Restored{{Broker: 1, At: t0, Partitions: map[string][]int32{"a": {1, 2}}}},
		Losses:   []Loss{{Broker: 2, At: t0}}, PingPong: map[int32]time.Time{2: t0},
		Paused: &Pause{Since: t0}, Excluded: map[int32]time.Time{3: t0.Add(time.Hour)},
	}
}

func TestKeptSurvives(t *testing.T) {
	k := fullKept()
	data, err := k.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseKept(data, t0.Add(time.Hour))
	if err != nil || !reflect.DeepEqual(got, k) {
		t.Errorf("%v, %+v; want %+v", err, got, k)
	}
	for text, want := range map[string]string{"{": "cannot be understood", `{"version":2}`: "version 2", "{}": "version 0"} {
		if _, err := ParseKept([]byte(text), t0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestSettleTakesTheFutureForNow(t *testing.T) {
	k := fullKept()
	now := t0.Add(-time.Hour)
	k.Settle(now)
	want := fullKept()
	want.Runs[0].Started, want.Runs[0].Ended, want.Restored[0].At, want.Losses[0].At = now, now, now, now
	want.PingPong[2], want.Paused.Since = now, now
	if !reflect.DeepEqual(k, want) {
		t.Errorf("%+v, want %+v", k, want)
	}
}

func TestCloneSharesNothing(t *testing.T) {
	k := fullKept()
	c := k.Clone()
	c.Runs[0].ByHand = false
	c.Restored[0].Partitions["a"][0] = 9
	c.Restored[0].Partitions["b"] = nil
	c.Restored[0].Lost = true
	c.Losses[0].Broker = 9
	c.PingPong[9], c.Excluded[9] = t0, t0
	c.Paused.Since = t0.Add(time.Minute)
	if !reflect.DeepEqual(k, fullKept()) {
		t.Errorf("%+v", k)
	}
}

func TestRuns(t *testing.T) {
	var k Kept
	k.Begin(t0, true)
	k.Heard(t0.Add(time.Minute))
	k.End(t0.Add(2 * time.Minute))
	k.Begin(t0.Add(20*time.Hour), false)
	want := []Done{{t0, t0.Add(2 * time.Minute), true}, {t0.Add(20 * time.Hour), t0.Add(20 * time.Hour), false}}
	if !reflect.DeepEqual(k.Runs, want) {
		t.Errorf("%v, want %v", k.Runs, want)
	}
	k.Expire(t0.Add(24 * time.Hour))
	if !reflect.DeepEqual(k.Runs, want[1:]) {
		t.Errorf("a day later %v, want %v", k.Runs, want[1:])
	}
	k.Expire(t0.Add(1000 * time.Hour))
	expect(t, "the last run stays", len(k.Runs), 1)

	c := newScene(3, 4)
	c.memory.Kept.JustElected(t0.Add(c.now - 9*time.Minute))
	if d := c.decide(); d.has(Cooldown) == "" {
		t.Errorf("just elected, and blocked %v", d.Blocked)
	}
}

func gave(partitions ...int32) map[string][]int32 { return map[string][]int32{"t00": partitions} }

// lead has broker 0 lead its first n partitions.
func (c *scene) lead(n int) {
	for i := range c.topics[0].Partitions {
		c.topics[0].Partitions[i].Leader = 1
		if i < n {
			c.topics[0].Partitions[i].Leader = 0
		}
	}
}

func TestPingPong(t *testing.T) {
	c := newScene(3, 4)
	var k Kept
	observe := func(at time.Duration, lead int) bool {
		c.lead(lead)
		return k.Observe(c.snapshot(at), c.policy)
	}
	k.Begin(t0, false)
	k.Gave(0, gave(0, 1), t0)
	k.Gave(0, gave(1, 2, 3), t0.Add(5*time.Second))
	expect(t, "what one run gives to one broker is one", len(k.Restored), 1)
	expect(t, "nothing lost", observe(time.Minute, 4), false)
	expect(t, "one of four lost", observe(2*time.Minute, 3), false)
	expect(t, "two of four lost", observe(3*time.Minute, 2), true)
	expect(t, "the others lost", observe(4*time.Minute, 0), false)
	expect(t, "losses", len(k.Losses), 1)
	expect(t, "ping-pong", len(k.PingPong), 0)

	k.Begin(t0.Add(10*time.Minute), false)
	k.Gave(0, gave(0, 1, 2), t0.Add(10*time.Minute))
	k.Begin(t0.Add(20*time.Minute), false)
	k.Gave(0, gave(3), t0.Add(20*time.Minute))
	k.Gave(1, map[string][]int32{"t01": {0, 1}}, t0.Add(20*time.Minute))
	expect(t, "lost at once what two runs gave", observe(33*time.Minute, 0), true)
	expect(t, "losses", len(k.Losses), 2)
	if at, held := k.PingPong[0]; !held || !at.Equal(t0.Add(33*time.Minute)) || len(k.PingPong) != 1 {
		t.Errorf("two losses half an hour apart: %v", k.PingPong)
	}
	k.ClearPingPong()
	if len(k.PingPong)+len(k.Losses) > 0 {
		t.Errorf("cleared, and %v %v", k.PingPong, k.Losses)
	}
}

func TestLossesFarApart(t *testing.T) {
	c := newScene(3, 4)
	var k Kept
	for _, at := range []time.Duration{0, 30*time.Minute + time.Second} {
		k.Begin(t0.Add(at), false)
		k.Gave(0, gave(0, 1), t0.Add(at))
		expect(t, "lost", k.Observe(c.snapshot(at), c.policy), true)
	}
	if len(k.PingPong) > 0 {
		t.Errorf("%v", k.PingPong)
	}
}

func TestWhatIsNoLoss(t *testing.T) {
	for name, f := range map[string]func(c *scene){
		"being deleted":            func(c *scene) { c.topics[0].Deleting = true },
		"gone":                     func(c *scene) { c.topics = c.topics[1:] },
		"another is preferred now": func(c *scene) { c.topics[0].Partitions[0].Replicas = []int32{1, 0} },
	} {
		c := newScene(3, 4)
		f(c)
		var k Kept
		k.Gave(0, gave(0), t0)
		expect(t, name, k.Observe(c.snapshot(0), c.policy), false)
	}
	c := newScene(3, 4)
	s := c.snapshot(0)
	blindPoll(s)
	var k Kept
	k.Gave(0, gave(0), t0)
	expect(t, "blind", k.Observe(s, c.policy), false)
}

func TestRestoredIsBounded(t *testing.T) {
	var k Kept
	var ids []int32
	for i := range int32(3000) {
		ids = append(ids, i)
	}
	for broker := range int32(3) {
		k.Gave(broker, map[string][]int32{"a": ids}, t0)
	}
	if len(k.Restored) != 1 || k.Restored[0].Broker != 2 || k.Restored[0].size() != 3000 {
		t.Errorf("%d kept, want the last alone", len(k.Restored))
	}
	k.Gave(2, map[string][]int32{"b": ids, "c": nil}, t0)
	expect(t, "partitions", k.Restored[0].size(), 5000)
	k.Expire(t0.Add(24 * time.Hour))
	expect(t, "a day later", len(k.Restored), 0)
}
