package config

// The keys of connections to Kafka and ZooKeeper that say who asks, and how the
// connection is encrypted.

type rawTLS struct {
	Enabled            bool       `yaml:"enabled"`
	CAFile             string     `yaml:"ca_file"`
	CertFile           string     `yaml:"cert_file"`
	KeyFile            string     `yaml:"key_file"`
	ServerName         serverName `yaml:"server_name"`
	InsecureSkipVerify bool       `yaml:"insecure_skip_verify"`
}

type rawSASL struct {
	Mechanism    Mechanism   `yaml:"mechanism"`
	Username     string      `yaml:"username"`
	Password     Secret      `yaml:"password"`
	PasswordFile string      `yaml:"password_file"`
	Kerberos     rawKerberos `yaml:"kerberos"`
	OAuth        rawOAuth    `yaml:"oauth"`
	AWS          rawAWS      `yaml:"aws"`
}

type rawKerberos struct {
	ServiceName string `yaml:"service_name"`
	Realm       string `yaml:"realm"`
	ConfigFile  string `yaml:"config_file"`
	KeytabFile  string `yaml:"keytab_file"`
	DisableFAST bool   `yaml:"disable_fast"`
}

type rawOAuth struct {
	TokenURL         tokenURL          `yaml:"token_url"`
	ClientID         string            `yaml:"client_id"`
	ClientSecret     Secret            `yaml:"client_secret"`
	ClientSecretFile string            `yaml:"client_secret_file"`
	Scopes           []string          `yaml:"scopes"`
	CAFile           string            `yaml:"ca_file"`
	Extensions       map[string]string `yaml:"extensions"`
}

type rawAWS struct {
	Region  awsRegion `yaml:"region"`
	RoleARN roleARN   `yaml:"role_arn"`
	Profile string    `yaml:"profile"`
}

type rawZooKeeperAuth struct {
	Scheme       scheme `yaml:"scheme"`
	Username     string `yaml:"username"`
	PasswordFile string `yaml:"password_file"`
}
