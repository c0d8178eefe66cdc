package config

// SASL says how evenkeel identifies itself to brokers; an empty Mechanism
// stands for not at all. What the mechanism does not use is empty, except for
// defaults.
type SASL struct {
	Mechanism Mechanism
	// Username is the user of PLAIN and SCRAM, and for GSSAPI the principal
	// without its realm.
	Username string
	// Of Password and PasswordFile at most one is set. The file is read anew for
	// each login.
	Password     Secret
	PasswordFile string
	Kerberos     Kerberos
	OAuth        OAuth
	AWS          AWS
}

// Mechanism is the name of a SASL mechanism.
type Mechanism string

// The values of Mechanism. AWSMSKIAM is OAUTHBEARER on the wire, with tokens that
// are signed with AWS credentials.
const (
	Plain       Mechanism = "PLAIN"
	ScramSHA256 Mechanism = "SCRAM-SHA-256"
	ScramSHA512 Mechanism = "SCRAM-SHA-512"
	GSSAPI      Mechanism = "GSSAPI"
	OAuthBearer Mechanism = "OAUTHBEARER"
	AWSMSKIAM   Mechanism = "AWS_MSK_IAM"
)

// Kerberos belongs to GSSAPI. Its files are read anew for each login.
type Kerberos struct {
	// ServiceName is the first part of the brokers' principals.
	ServiceName string
	Realm       string
	// ConfigFile is the path of a krb5.conf.
	ConfigFile string
	// KeytabFile is "" where there is a password instead.
	KeytabFile string
	// DisableFAST leaves out the negotiation of FAST, which some KDCs refuse.
	DisableFAST bool
}

// OAuth belongs to OAUTHBEARER: tokens come from TokenURL by the grant of client
// credentials (RFC 6749, section 4.4).
type OAuth struct {
	// TokenURL is https, or http on a loopback host.
	TokenURL string
	ClientID string
	// One of ClientSecret and ClientSecretFile is set. The file is read anew for
	// each token.
	ClientSecret     Secret
	ClientSecretFile string
	Scopes           []string
	// CAFile identifies the server of TokenURL; "" stands for the system's
	// certificates.
	CAFile string
	// Extensions are sent to brokers with each token (RFC 7628, section 3.1).
	Extensions map[string]string
}

// AWS belongs to AWS_MSK_IAM. Credentials come from the default chain of the AWS
// SDK, with Profile in place of its default profile.
type AWS struct {
	Region string
	// RoleARN is a role to assume with these credentials; "" for none.
	RoleARN string
	Profile string
}
