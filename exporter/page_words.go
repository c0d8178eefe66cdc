package exporter

import (
	"fmt"
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// pageFuncs are the words of the page. What is not known they call so.
var pageFuncs = template.FuncMap{
	"unknown": unknown,
	"percent": percent,
	"millis": func(seconds *float64) string {
		if seconds == nil {
			return "unknown"
		}
		return fmt.Sprintf("%.1f ms", *seconds*1000)
	},
	"age":     age,
	"yes":     yes,
	"members": members,
	"mark":    mark,
	"clock":   clock,
	"ago":     ago,
	"seconds": func(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) },
	"runbook": runbookPath,
	"path":    url.PathEscape,
	"ids":     ids,
	"words":   func(text any) string { return strings.ReplaceAll(fmt.Sprint(text), "_", " ") },
}

// percent prints a ratio, and a dash for a broker that has none.
func percent(ratio any) string {
	switch r := ratio.(type) {
	case float64:
		return fmt.Sprintf("%.0f %%", r*100)
	case *float64:
		if r != nil {
			return percent(*r)
		}
	}
	return "–"
}

// yes says whether something is known to be so.
func yes(v *bool) bool { return v != nil && *v }

// clock prints a time of the last hours.
func clock(t time.Time) string { return t.UTC().Format("15:04:05") + " UTC" }

// dated prints a time, with its day where that is not near now.
func dated(t, now time.Time) string {
	if now.Sub(t).Abs() > 12*time.Hour {
		return t.UTC().Format(time.DateTime) + " UTC"
	}
	return clock(t)
}

// ago prints a time, and how long that is from now.
func ago(t, now time.Time) string {
	text, d := dated(t, now), now.Sub(t).Seconds()
	switch {
	case d < 0:
		d = -d
		return text + ", in " + age(&d)
	case d < 1:
		return text + ", now"
	default:
		return text + ", " + age(&d) + " ago"
	}
}

func ids(all []int32) string {
	text := make([]string, len(all))
	for i, id := range all {
		text[i] = strconv.Itoa(int(id))
	}
	return strings.Join(text, ", ")
}

// unknown prints what a pointer points to, and "unknown" for nil.
func unknown(v any) string {
	switch v := v.(type) {
	case *int:
		if v != nil {
			return fmt.Sprint(*v)
		}
	case *int32:
		if v != nil {
			return fmt.Sprint(*v)
		}
	case *int64:
		if v != nil {
			return fmt.Sprint(*v)
		}
	case *bool:
		if v != nil && *v {
			return "yes"
		}
		if v != nil {
			return "no"
		}
	}
	return "unknown"
}
