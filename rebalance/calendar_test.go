package rebalance

import (
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/config"
)

func mustCalendar(t *testing.T, windows ...config.Window) *Calendar {
	t.Helper()
	c, err := NewCalendar(windows)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func berlin(cron string, d time.Duration) config.Window {
	return config.Window{Cron: cron, Duration: d, TimeZone: "Europe/Berlin"}
}

func TestCalendar(t *testing.T) {
	night := []config.Window{berlin("0 1 * * *", 4*time.Hour)}
	odd := []config.Window{berlin("30 2 * * *", time.Hour)}
	hourly := []config.Window{berlin("0 * * * *", 10*time.Minute)}
	overlap := []config.Window{berlin("0 1 * * *", 2*time.Hour), berlin("0 2 * * *", 2*time.Hour), berlin("0 4 * * *", time.Hour)}
	tests := []struct {
		name    string
		windows []config.Window
		now     string // UTC
		open    bool
		until   string
	}{
		{"before", night, "2026-01-10T23:59:59Z", false, "2026-01-11T00:00:00Z"},
		{"it opens", night, "2026-01-11T00:00:00Z", true, "2026-01-11T04:00:00Z"},
		{"it closes", night, "2026-01-11T04:00:00Z", false, "2026-01-12T00:00:00Z"},
		{"summer", night, "2026-06-10T23:00:00Z", true, "2026-06-11T03:00:00Z"},
		// On 2026-03-29 the clock goes from 02:00 to 03:00 at 01:00 UTC.
		{"the night before has one hour less on the wall", night, "2026-03-29T03:59:59Z", true, "2026-03-29T04:00:00Z"},
		{"a time that does not exist comes when it would have", odd, "2026-03-29T01:29:59Z", false, "2026-03-29T01:30:00Z"},
		{"and lasts as long", odd, "2026-03-29T01:30:00Z", true, "2026-03-29T02:30:00Z"},
		{"and the next is a day on", odd, "2026-03-29T02:30:00Z", false, "2026-03-30T00:30:00Z"},
		{"every hour, and none is left out", hourly, "2026-03-29T01:00:00Z", true, "2026-03-29T01:10:00Z"},
		// On 2026-10-25 the clock goes from 03:00 back to 02:00 at 01:00 UTC.
		{"a time that comes twice opens the first time", odd, "2026-10-25T00:30:00Z", true, "2026-10-25T01:30:00Z"},
		{"and not the second time", odd, "2026-10-25T01:30:00Z", false, "2026-10-26T01:30:00Z"},
		{"every hour, the first that is called two", hourly, "2026-10-25T00:05:00Z", true, "2026-10-25T00:10:00Z"},
		{"every hour, the second", hourly, "2026-10-25T01:05:00Z", true, "2026-10-25T01:10:00Z"},
		{"four hours are four hours", night, "2026-10-25T02:59:59Z", true, "2026-10-25T03:00:00Z"},
		{"overlapping, and one right after the other", overlap, "2026-01-11T00:30:00Z", true, "2026-01-11T04:00:00Z"},
		{"a month's name and a weekday", []config.Window{berlin("0 22 * FEB SUN", time.Hour)}, "2026-01-11T00:00:00Z", false, "2026-02-01T21:00:00Z"},
		{"as good as always", []config.Window{berlin("* * * * *", 2*time.Minute)}, "2026-01-11T00:00:30Z", true, "2026-01-12T00:01:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now, err := time.Parse(time.RFC3339, tt.now)
			if err != nil {
				t.Fatal(err)
			}
			open, until := mustCalendar(t, tt.windows...).Open(now)
			if got := until.UTC().Format(time.RFC3339); open != tt.open || got != tt.until {
				t.Errorf("at %s: open %v until %s, want %v until %s", tt.now, open, got, tt.open, tt.until)
			}
		})
	}
}

func TestNoCalendarIsAlwaysOpen(t *testing.T) {
	c := mustCalendar(t)
	if open, until := c.Open(t0); c != nil || !open || !until.IsZero() {
		t.Errorf("%v: open %v until %v", c, open, until)
	}
}

func TestCalendarRefuses(t *testing.T) {
	good := berlin("0 1 * * *", time.Hour)
	for want, w := range map[string]config.Window{
		`rebalance window 2 (cron "0 0 30 2 *", time zone "Europe/Berlin"): it never opens`: berlin("0 0 30 2 *", time.Hour),
		`its cron is not understood`:                       berlin("61 * * * *", time.Hour),
		`its cron is not understood; use five fields`:      berlin("@every 1h", time.Hour),
		`its duration is 0s; it must be more than 0`:       berlin("0 1 * * *", 0),
		`its time zone is not known; use an IANA name suc`: {Cron: "0 1 * * *", Duration: time.Hour, TimeZone: "Europe/Nowhere"},
	} {
		if _, err := NewCalendar([]config.Window{good, w}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", w, err, want)
		}
	}
}

func TestLeapDayComes(t *testing.T) {
	c := mustCalendar(t, berlin("0 12 29 2 *", time.Hour))
	if open, until := c.Open(t0); open || until.UTC().Format(time.DateOnly) != "2028-02-29" {
		t.Errorf("open %v until %v", open, until)
	}
}
