//go:build cluster

package acceptance

import (
	"slices"
	"testing"
)

func TestRowsOfOtherFaultsStay(t *testing.T) {
	row := func(fault, release, after string) string {
		return "| " + fault + " | " + release + " | x | " + after + " | 0 s | 1 ms | `" + release + "/" + fault + "$` |\n"
	}
	old := []string{"\n", "| fault | release | repeat |\n", "|---|---|---|\n", row("a", "0.9.0.1", "1 s"), row("b", "0.9.0.1", "1 s"), row("a", "4.4.0", "1 s")}
	got := merged(old, []string{row("c", "2.8.2", "2 s"), row("b", "0.9.0.1", "2 s")})
	want := []string{row("b", "0.9.0.1", "2 s"), row("a", "0.9.0.1", "1 s"), row("c", "2.8.2", "2 s"), row("a", "4.4.0", "1 s")}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
