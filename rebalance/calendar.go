package rebalance

import (
	"errors"
	"fmt"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/evenkeel/evenkeel/config"
)

// Calendar says when runs may start. It is immutable; a nil Calendar is always open.
type Calendar struct {
	windows []window
}

// window opens when its schedule says so, and closes when duration has gone by since,
// whatever clocks on walls do meanwhile.
type window struct {
	schedule *cron.SpecSchedule
	zone     *time.Location
	duration time.Duration
	// wall: the hour is fixed, so the schedule names times on the wall, each of which
	// comes once a day: where a clock is set forward over it, that long after the
	// change; where it is set back, the first time. Else it names every such hour.
	wall bool
}

// lookAhead is how far Open looks for the end of windows that follow each other.
const lookAhead = 24 * time.Hour

// clockChange is more than a clock on a wall is ever set forward or back at once.
const clockChange = 3 * time.Hour

// NewCalendar returns the calendar of these windows, nil for none. An error names the
// window and what is wrong with it.
func NewCalendar(windows []config.Window) (*Calendar, error) {
	if len(windows) == 0 {
		return nil, nil
	}
	c := &Calendar{}
	for i, w := range windows {
		parsed, err := newWindow(w)
		if err != nil {
			return nil, fmt.Errorf("rebalance window %d (cron %q, time zone %q): %w", i+1, w.Cron, w.TimeZone, err)
		}
		c.windows = append(c.windows, parsed)
	}
	return c, nil
}

func newWindow(w config.Window) (window, error) {
	if w.Duration <= 0 {
		return window{}, fmt.Errorf("its duration is %s; it must be more than 0", w.Duration)
	}
	zone, err := time.LoadLocation(w.TimeZone)
	if err != nil {
		return window{}, fmt.Errorf("its time zone is not known; use an IANA name such as Europe/Berlin: %w", err)
	}
	schedule, err := parseCron(w.Cron)
	if err != nil {
		return window{}, fmt.Errorf("its cron is not understood; use five fields as in a crontab: %w", err)
	}
	if schedule.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return window{}, errors.New("it never opens; there is no such date")
	}
	const star = 1 << 63 // how the parser marks a field that is "*"
	wall := schedule.Hour&star == 0
	if !wall {
		schedule.Location = zone
	}
	return window{schedule: schedule, zone: zone, duration: w.Duration, wall: wall}, nil
}

// parseCron returns a schedule without a time zone.
func parseCron(spec string) (schedule *cron.SpecSchedule, err error) {
	defer func() {
		if r := recover(); r != nil { // the parser trips over some texts
			err = errors.New("malformed")
		}
	}()
	parsed, err := cron.ParseStandard("TZ=UTC " + spec)
	if err != nil {
		return nil, err
	}
	schedule, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return nil, errors.New("it names no time of day")
	}
	return schedule, nil
}

// Open returns whether a window is open, and when that changes: where windows that
// overlap or follow each other close, looking a day ahead at most, or when the next one
// opens. The time is zero where it never changes.
func (c *Calendar) Open(now time.Time) (open bool, until time.Time) {
	if c == nil {
		return true, time.Time{}
	}
	end := now
	for end.Sub(now) < lookAhead {
		later := c.extend(end)
		if !later.After(end) {
			break
		}
		end = later
	}
	if end.After(now) {
		return true, end
	}
	for _, w := range c.windows {
		if next := w.next(now); !next.IsZero() && (until.IsZero() || next.Before(until)) {
			until = next
		}
	}
	return false, until
}

// extend returns the latest end that a window which is open at t is sure to have, and t
// where none is.
func (c *Calendar) extend(t time.Time) time.Time {
	end := t
	for _, w := range c.windows {
		opened := w.next(t.Add(-w.duration))
		if opened.IsZero() || opened.After(t) {
			continue
		}
		if closes := opened.Add(w.duration); closes.After(end) {
			end = closes
		}
	}
	return end
}

// next returns when the window opens first after t; zero for never.
func (w *window) next(t time.Time) time.Time {
	if !w.wall {
		return w.schedule.Next(t)
	}
	// The schedule is asked for times on the wall, written as if they were UTC.
	wall := onWall(t.In(w.zone)).Add(-clockChange)
	for {
		wall = w.schedule.Next(wall)
		if wall.IsZero() {
			return wall
		}
		if at := w.instant(wall); at.After(t) {
			return at
		}
	}
}

// onWall writes what a clock on the wall shows as if it were UTC.
func onWall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// instant returns when the clock on the wall shows this time: the first time where it
// does so twice; where it never does, when it would have, had it not been set forward.
func (w *window) instant(wall time.Time) time.Time {
	// No zone changes its clock twice within two days, so one of the offsets of the
	// day before and the day after is the one in force.
	_, before := wall.Add(-24 * time.Hour).In(w.zone).Zone()
	first := wall.Add(-time.Duration(before) * time.Second)
	if onWall(first.In(w.zone)).Equal(wall) {
		return first.In(w.zone)
	}
	_, after := wall.Add(24 * time.Hour).In(w.zone).Zone()
	second := wall.Add(-time.Duration(after) * time.Second)
	if onWall(second.In(w.zone)).Equal(wall) {
		return second.In(w.zone)
	}
	return first.In(w.zone)
}
