package testbed

import (
	"os"
	"path/filepath"
	"testing"
)

func TestCheckSums(t *testing.T) {
	const sumOfA = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb" // of "a"
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("good.jar", "a")
	write("other.jar", "a")
	sums := sumOfA + "  good.jar\n" + sumOfA + "  other.jar\n"
	if err := checkSums(dir, sums); err != nil {
		t.Errorf("all is right, but: %v", err)
	}
	for _, test := range []struct{ sums, want string }{
		{sums + sumOfA + "  third.jar\n", "third.jar is missing"},
		{sumOfA + "  good.jar\n", "other.jar is not listed in the SHA-256 sums"},
		{"", "good.jar is not listed in the SHA-256 sums\nother.jar is not listed in the SHA-256 sums"},
		{"half\n", `bad line in the SHA-256 sums: "half\n"`},
	} {
		if err := checkSums(dir, test.sums); err == nil || err.Error() != test.want {
			t.Errorf("sums %q: %v, want %q", test.sums, err, test.want)
		}
	}
	write("good.jar", "b")
	want := "good.jar has SHA-256 3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d, want " + sumOfA
	if err := checkSums(dir, sums); err == nil || err.Error() != want {
		t.Errorf("a jar that was changed: %v, want %q", err, want)
	}
}
