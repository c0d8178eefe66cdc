package config

import "time"

// The functions here cannot fail: every value was checked when it was read.

func (g rawGroups) validated() Groups {
	var objectives []Objective
	for _, o := range g.Objectives {
		objectives = append(objectives, Objective{
			Match:    o.Match.regexp(),
			MaxLag:   time.Duration(o.MaxLag),
			Severity: o.Severity,
		})
	}
	var watch []string
	for _, name := range g.Watch {
		watch = append(watch, string(name))
	}
	return Groups{
		Filter:                   Filter{g.Include.regexp(), g.Exclude.regexp()},
		PerPartition:             g.PerPartition,
		Watch:                    watch,
		DiscoverFromOffsetsTopic: g.DiscoverFromOffsetsTopic,
		Objectives:               objectives,
		Quiet:                    g.Quiet.regexp(),
	}
}

func (r rawRebalance) validated() Rebalance {
	var windows []Window
	for _, w := range r.Windows {
		windows = append(windows, Window{Cron: string(w.Cron), Duration: time.Duration(w.Duration), TimeZone: string(w.TimeZone)})
	}
	var excluded []int
	for _, id := range r.ExcludeBrokers {
		excluded = append(excluded, int(id))
	}
	return Rebalance{
		Mode:                    r.Mode,
		Threshold:               float64(r.Threshold),
		PersistFor:              time.Duration(r.PersistFor),
		Settle:                  time.Duration(r.Settle),
		MaxRegistrationsPerHour: int(r.MaxRegistrationsPerHour),
		SlowProbe:               SlowProbe{Factor: float64(r.SlowProbe.Factor), AtLeast: time.Duration(r.SlowProbe.AtLeast)},
		BrokerLeft:              time.Duration(r.BrokerLeft),
		Cooldown:                time.Duration(r.Cooldown),
		MaxRunsPerHour:          int(r.MaxRunsPerHour),
		BatchSize:               int(r.BatchSize),
		BatchPause:              time.Duration(r.BatchPause),
		MaxPartitionsPerMinute:  int(r.MaxPartitionsPerMinute),
		MaxBrokersDown:          int(r.MaxBrokersDown),
		MaxUnderReplicated:      int(r.MaxUnderReplicated),
		MaxReassigning:          int(r.MaxReassigning),
		PingPong:                PingPong{Within: time.Duration(r.PingPong.Within), Times: int(r.PingPong.Times)},
		Windows:                 windows,
		Topics:                  Filter{r.Topics.Include.regexp(), r.Topics.Exclude.regexp()},
		ExcludeBrokers:          excluded,
		LockPath:                string(r.LockPath),
	}
}

func (t rawTLS) validated() TLS {
	return TLS{
		Enabled:            t.Enabled,
		CAFile:             t.CAFile,
		CertFile:           t.CertFile,
		KeyFile:            t.KeyFile,
		ServerName:         string(t.ServerName),
		InsecureSkipVerify: t.InsecureSkipVerify,
	}
}

func (s rawSASL) validated() SASL {
	return SASL{
		Mechanism:    s.Mechanism,
		Username:     s.Username,
		Password:     s.Password,
		PasswordFile: s.PasswordFile,
		Kerberos:     Kerberos(s.Kerberos),
		OAuth: OAuth{
			TokenURL:         string(s.OAuth.TokenURL),
			ClientID:         s.OAuth.ClientID,
			ClientSecret:     s.OAuth.ClientSecret,
			ClientSecretFile: s.OAuth.ClientSecretFile,
			Scopes:           s.OAuth.Scopes,
			CAFile:           s.OAuth.CAFile,
			Extensions:       s.OAuth.Extensions,
		},
		AWS: AWS{Region: string(s.AWS.Region), RoleARN: string(s.AWS.RoleARN), Profile: s.AWS.Profile},
	}
}

func (a rawZooKeeperAuth) validated() ZooKeeperAuth {
	return ZooKeeperAuth{Scheme: string(a.Scheme), Username: a.Username, PasswordFile: a.PasswordFile}
}
