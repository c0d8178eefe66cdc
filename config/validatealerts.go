package config

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
)

// labelName is what Alertmanager and Prometheus take for the name of a label everywhere.
var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

func (d *decoder) alerts(path string, raw rawAlerts) (Alerts, error) {
	if err := d.idleAlerts(path, raw); err != nil {
		return Alerts{}, err
	}
	a := Alerts{Evaluate: raw.Evaluate, RuleFiles: raw.RuleFiles, ExternalLabels: raw.ExternalLabels}
	for i, file := range raw.RuleFiles {
		name := fmt.Sprintf("rule_files[%d]", i)
		if file == "" {
			return Alerts{}, d.errorf(path+"."+name, "an entry is empty; every entry must be the path of a file")
		}
		if err := tryOpen(file); err != nil {
			return Alerts{}, d.errorf(path+"."+name, "%q cannot be read: %w", file, cause(err))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(raw.ExternalLabels)) {
		if !labelName.MatchString(name) {
			return Alerts{}, d.errorf(path+".external_labels."+name, "%q is no name of a label: letters, digits and _ are allowed, and no digit first", name)
		}
	}
	for i, m := range raw.Alertmanagers {
		manager, err := d.alertmanager(fmt.Sprintf("%s.alertmanagers[%d]", path, i), m)
		if err != nil {
			return Alerts{}, err
		}
		if slices.ContainsFunc(a.Alertmanagers, func(other Alertmanager) bool { return other.URL == manager.URL }) {
			return Alerts{}, d.errorf(fmt.Sprintf("%s.alertmanagers[%d].url", path, i), "%q is named twice; every Alertmanager must be named once", manager.URL)
		}
		a.Alertmanagers = append(a.Alertmanagers, manager)
	}
	return a, nil
}

// idleAlerts refuses what would do nothing.
func (d *decoder) idleAlerts(path string, raw rawAlerts) error {
	if raw.Evaluate {
		return nil
	}
	for _, k := range []key{
		{"rule_files", len(raw.RuleFiles) > 0},
		{"alertmanagers", len(raw.Alertmanagers) > 0},
		{"external_labels", len(raw.ExternalLabels) > 0},
	} {
		if k.given {
			return d.errorf(path+"."+k.name, "alerts.evaluate is false, so this would do nothing; set evaluate: true or take it out")
		}
	}
	return nil
}

func (d *decoder) alertmanager(path string, raw rawAlertmanager) (Alertmanager, error) {
	if raw.URL == "" {
		return Alertmanager{}, d.errorf(path+".url", "required: the URL of an Alertmanager, such as http://alertmanager:9093")
	}
	if u, err := url.Parse(string(raw.URL)); err != nil || u.User != nil {
		return Alertmanager{}, d.errorf(path+".url", "it names a user; use basic_auth, whose password is not shown")
	}
	auth := raw.BasicAuth
	given := auth.Password != Secret{}
	switch {
	case given && auth.PasswordFile != "":
		return Alertmanager{}, d.errorf(path+".basic_auth.password_file", "there is a password already; one of the two must go")
	case auth.Username == "" && given:
		return Alertmanager{}, d.errorf(path+".basic_auth.username", "required where password is given: the user whose password this is")
	case auth.Username == "" && auth.PasswordFile != "":
		return Alertmanager{}, d.errorf(path+".basic_auth.username", "required where password_file is given: the user whose password this is")
	}
	if err := d.readable(path+".basic_auth", fileKey{"password_file", auth.PasswordFile}); err != nil {
		return Alertmanager{}, err
	}
	tls, err := d.tls(path+".tls", raw.TLS)
	if err != nil {
		return Alertmanager{}, err
	}
	return Alertmanager{URL: string(raw.URL), BasicAuth: BasicAuth(auth), TLS: tls}, nil
}
