package testbed

import (
	"maps"
	"os"
	"slices"
	"strings"
)

// writeProperties writes a Java properties file, sorted by key.
func writeProperties(name string, properties map[string]string) error {
	return os.WriteFile(name, []byte(formatProperties(properties)), 0o644)
}

func formatProperties(properties map[string]string) string {
	// A backslash is an escape to Java, and a line break ends the setting.
	escape := strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		b.WriteString(key + "=" + escape.Replace(properties[key]) + "\n")
	}
	return b.String()
}
