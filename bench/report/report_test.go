package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var header = []string{"size", "exporter", "CPU"}

func TestUpdate(t *testing.T) {
	name := filepath.Join(t.TempDir(), "page.md")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("# Title\n\n" + Begin + "\nold\n" + End + "\n\nThe rest.\n")
	for range 2 { // written twice, it is the same
		if err := Update(name, func(string) string { return "\nnew\nlines\n\n" }); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(name)
		if want := "# Title\n\n" + Begin + "\nnew\nlines\n" + End + "\n\nThe rest.\n"; err != nil || string(got) != want {
			t.Fatalf("%v\n%s\nwant\n%s", err, got, want)
		}
	}
	for _, broken := range []string{"", Begin + "\n", End + "\n" + Begin + "\n"} {
		write(broken)
		if err := Update(name, func(string) string { return "x" }); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%q: %v", broken, err)
		}
		if got, err := os.ReadFile(name); err != nil || string(got) != broken {
			t.Errorf("%q became %q, %v", broken, got, err)
		}
	}
}

func TestKeep(t *testing.T) {
	other := Table{Header: []string{"a", "b", "c"}, Rows: [][]string{{"S", "another", "table"}}}
	earlier := Table{Header: header, Rows: [][]string{{"S", "one", "1"}, {"S", "two", "2"}, {"M", "one", "3"}, {"XXL", "one", "4"}}}
	text := "Text.\n\n" + other.String() + "\nText | with a | bar.\n\n" + earlier.String() + "\n" + other.String()
	fresh := Table{Header: header, Rows: [][]string{{"L", "one", "9"}, {"M", "one", "8"}}}
	fresh.Keep(text, []string{"S", "M", "L"})
	const want = "| size | exporter | CPU |\n|---|---|---|\n" +
		"| S | one | 1 |\n| S | two | 2 |\n| M | one | 8 |\n| L | one | 9 |\n"
	if got := fresh.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestKeepDropsAnotherHeader(t *testing.T) {
	earlier := Table{Header: append([]string{"size"}, header...), Rows: [][]string{{"S", "S", "one", "1"}}}
	fresh := Table{Header: header, Rows: [][]string{{"M", "one", "8"}}}
	fresh.Keep(earlier.String(), []string{"S", "M"})
	if len(fresh.Rows) != 1 || fresh.Rows[0][0] != "M" {
		t.Errorf("%v", fresh.Rows)
	}
}
