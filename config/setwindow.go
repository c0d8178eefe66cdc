package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a container often has no time zones

	"github.com/robfig/cron/v3"
)

// natural is a whole number, 0 or more.
type natural int

func (c *natural) set(text string) error {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		return fmt.Errorf("%q is not allowed; it must be a whole number, 0 or more", text)
	}
	*c = natural(n)
	return nil
}

// multiple is a factor above 1.
type multiple float64

func (m *multiple) set(text string) error {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) || f <= 1 {
		return fmt.Errorf("%q is not allowed; it must be a number greater than 1", text)
	}
	*m = multiple(f)
	return nil
}

// cronSpec is a point in time that comes again, in the five fields of crontab(5).
type cronSpec string

func (c *cronSpec) set(text string) (err error) {
	defer func() {
		if recover() != nil { // the parser trips over some texts
			err = fmt.Errorf("%q is not allowed; it must be five fields as in a crontab, such as 0 1 * * *", text)
		}
	}()
	if strings.Contains(text, "TZ=") {
		return errors.New("a time zone does not belong here; it has a key of its own, time_zone")
	}
	if _, err := cron.ParseStandard(text); err != nil || strings.HasPrefix(text, "@every") {
		return fmt.Errorf("%q is not allowed; it must be five fields as in a crontab, such as 0 1 * * *", text)
	}
	*c = cronSpec(text)
	return nil
}

// timeZone is the name of a time zone.
type timeZone string

func (z *timeZone) set(text string) error {
	if _, err := time.LoadLocation(text); err != nil || text == "Local" {
		return fmt.Errorf("%q is not a time zone; it must be one of the IANA's names, such as Europe/Berlin or UTC", text)
	}
	*z = timeZone(text)
	return nil
}
