package config

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

var yamlBlocks = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// The examples of logins are valid, as far as one can tell without the files that
// they name.
func TestDocumentedLogins(t *testing.T) {
	data, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	files := regexp.MustCompile(`/etc/[a-z0-9./-]+`)
	var mechanisms []Mechanism
	for _, example := range yamlBlocks.FindAllSubmatch(data, -1) {
		text := files.ReplaceAll(example[1], []byte("testdata/files/secret"))
		if m := parse(t, string(text)).Clusters[0].Kafka.SASL.Mechanism; m != "" {
			mechanisms = append(mechanisms, m)
		}
	}
	if want := []Mechanism{ScramSHA512, GSSAPI, OAuthBearer, AWSMSKIAM}; !slices.Equal(mechanisms, want) {
		t.Errorf("examples of %v, want %v", mechanisms, want)
	}
}

// The file of all defaults in configuration.md shows them as they are.
func TestDocumentedDefaults(t *testing.T) {
	data, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	block := yamlBlocks.FindSubmatch(data)
	if block == nil {
		t.Fatal("no example")
	}
	got := parse(t, string(block[1])).Clusters[0]
	want := parse(t, minimal("")).Clusters[0]
	got.ZooKeeper.Servers = want.ZooKeeper.Servers
	if !got.Equal(want) {
		t.Errorf("documented %+v\nwant       %+v", got, want)
	}
}
