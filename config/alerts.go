package config

// Alerts says whether evenkeel evaluates alert rules by itself, which, and
// whom it tells.
type Alerts struct {
	Evaluate bool
	// RuleFiles are paths; none stands for the built-in rules.
	RuleFiles      []string
	Alertmanagers  []Alertmanager
	ExternalLabels map[string]string
}

// Alertmanager is one receiver of alerts.
type Alertmanager struct {
	URL       string
	BasicAuth BasicAuth
	TLS       TLS
}

// BasicAuth identifies evenkeel over HTTP; an empty Username stands for not at all.
type BasicAuth struct {
	Username     string
	Password     Secret
	PasswordFile string
}
