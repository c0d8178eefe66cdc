package testbed

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/IBM/sarama"
)

// addListeners gives one broker its listeners beside those that it has in p, and
// returns their addresses in the order of the spec.
func (c *Cluster) addListeners(p map[string]string, ports *portSet) []string {
	var addrs []string
	for _, l := range c.spec.Listeners {
		addr := loopback(ports.take())
		addrs = append(addrs, addr)
		for _, key := range []string{"listeners", "advertised.listeners"} {
			if p[key] != "" {
				p[key] += "," + l.Name + "://" + addr
			}
		}
	}
	return addrs
}

// secured returns the spec's settings for all brokers on top of those that
// logins and the authorizer need.
func (c *Cluster) secured(properties map[string]string) map[string]string {
	p := c.spec.authorizerProperties(c.release)
	wired := c.spec.Wires && c.release.namesListeners()
	if len(c.spec.Listeners) > 0 || wired {
		protocols := "PLAINTEXT:PLAINTEXT"
		if c.release.kraft() {
			protocols += ",CONTROLLER:PLAINTEXT"
		}
		if wired {
			protocols += "," + wireListener + ":PLAINTEXT"
		}
		for _, l := range c.spec.Listeners {
			protocols += "," + l.Name + ":" + l.Protocol
			maps.Copy(p, c.listenerProperties(l))
		}
		p["listener.security.protocol.map"] = protocols
	}
	maps.Copy(p, properties)
	return p
}

// listenerProperties returns the settings of one listener.
func (c *Cluster) listenerProperties(l Listener) map[string]string {
	prefix := "listener.name." + strings.ToLower(l.Name) + "."
	p := make(map[string]string)
	if l.tls() {
		c.addStores(p, prefix)
		p[prefix+"ssl.client.auth"] = "none"
		if l.ClientAuth {
			p[prefix+"ssl.client.auth"] = "required"
		}
	}
	if !l.sasl() {
		return p
	}
	p[prefix+"sasl.enabled.mechanisms"] = strings.Join(l.Mechanisms, ",")
	for _, mechanism := range l.Mechanisms {
		own := prefix + strings.ToLower(mechanism) + "."
		p[own+"sasl.jaas.config"] = c.jaas(mechanism)
		switch mechanism {
		case mechanismGSSAPI:
			p[prefix+"sasl.kerberos.service.name"] = "kafka"
			// The user is what stands before the host and the realm. By default the
			// realm must be the JVM's own, which old releases fail to learn.
			p[prefix+"sasl.kerberos.principal.to.local.rules"] = "RULE:[1:$1],RULE:[2:$1]"
		case mechanismOAuthBearer:
			p[own+"sasl.server.callback.handler.class"] = c.release.tokenValidator()
			p[prefix+"sasl.oauthbearer.jwks.endpoint.url"] = "file://" + c.keysFile()
			p[prefix+"sasl.oauthbearer.expected.audience"] = tokenAudience
			p[prefix+"sasl.oauthbearer.expected.issuer"] = c.security.tokens.base
		}
	}
	return p
}

// readsPEM tells whether the release takes certificates as PEM.
func (r kafkaRelease) readsPEM() bool { return r.protocol.IsAtLeast(sarama.V2_7_0_0) }

// addStores adds the server's key and the authority's certificate to the
// settings of a listener.
func (c *Cluster) addStores(p map[string]string, prefix string) {
	pki := c.security.pki
	if !c.release.readsPEM() {
		p[prefix+"ssl.keystore.type"] = "PKCS12"
		p[prefix+"ssl.keystore.location"] = pki.keyStore12()
		p[prefix+"ssl.keystore.password"] = storePassword
		p[prefix+"ssl.key.password"] = storePassword
		p[prefix+"ssl.truststore.type"] = "PKCS12"
		p[prefix+"ssl.truststore.location"] = pki.trustStore12()
		p[prefix+"ssl.truststore.password"] = storePassword
		return
	}
	p[prefix+"ssl.keystore.type"] = "PEM"
	// As text: of a file, releases before 3.0 want the key encrypted.
	p[prefix+"ssl.keystore.key"] = string(pki.serverKey)
	p[prefix+"ssl.keystore.certificate.chain"] = string(pki.serverCert)
	p[prefix+"ssl.truststore.type"] = "PEM"
	p[prefix+"ssl.truststore.location"] = pki.CAFile
}

// jaas returns the login module of a mechanism with its settings.
func (c *Cluster) jaas(mechanism string) string {
	const kafka = "org.apache.kafka.common.security."
	switch mechanism {
	case mechanismPlain:
		line := kafka + "plain.PlainLoginModule required"
		for _, user := range slices.Sorted(maps.Keys(c.spec.Users)) {
			line += fmt.Sprintf(" user_%s=%q", user, c.spec.Users[user])
		}
		return line + ";"
	case mechanismOAuthBearer:
		return kafka + "oauthbearer.OAuthBearerLoginModule required;"
	case mechanismGSSAPI:
		// The path is that of the keytab made by startKDC.
		return fmt.Sprintf("com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true storeKey=true keyTab=%q principal=%q;",
			c.security.kdc.keytabFile(brokerPrincipal), brokerPrincipal+"@"+c.security.kdc.Realm())
	default:
		return kafka + "scram.ScramLoginModule required;"
	}
}

// tokenValidator names the class that checks signed tokens.
func (r kafkaRelease) tokenValidator() string {
	if r.protocol.IsAtLeast(sarama.V3_4_0_0) {
		return "org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler"
	}
	return "org.apache.kafka.common.security.oauthbearer.secured.OAuthBearerValidatorCallbackHandler"
}
