package testbed

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed launcher/Ensemble.java
var ensembleSource []byte

//go:embed launcher/log4j.properties
var log4jProperties []byte

// findJava returns the path of a program of the JDK: that of JAVA_HOME, if set,
// as Maven does it.
func findJava(program string) (string, error) {
	name := program
	if home := os.Getenv("JAVA_HOME"); home != "" {
		name = filepath.Join(home, "bin", program)
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("testbed: %w: %s", err, installHint)
	}
	return path, nil
}

// javaCommand returns the command line of a JVM that starts fast and stays
// small. A class path may hold wildcards.
func javaCommand(java, log4j, classpath string, options []string, main string, args ...string) []string {
	argv := []string{java,
		"-Xmx64m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto",
		"-XX:-UsePerfData", // a killed JVM would leave its file in the temporary folder
		"-Dlog4j.configuration=file:" + log4j,
		"-Dorg.slf4j.simpleLogger.showDateTime=true",
		"-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss,SSS",
	}
	argv = append(argv, options...)
	argv = append(argv, "-cp", classpath, main)
	return append(argv, args...)
}

// compiled returns the folder with a class of the launcher's, compiled for an
// old enough release of Java and with a class path, which may be empty. The name
// is that of the folder in the cache.
func compiled(ctx context.Context, name, class string, source []byte, java, classpath string) (string, error) {
	return cached(ctx, name, source, func(dir string) error {
		javac, err := findJava("javac")
		if err != nil {
			return err
		}
		file := filepath.Join(dir, class+".java")
		if err := os.WriteFile(file, source, 0o644); err != nil {
			return fmt.Errorf("testbed: compile %s: %w", class, err)
		}
		if err := run(ctx, javac, "--release", java, "-Xlint:-options", "-cp", classpath, "-d", dir, file); err != nil {
			return fmt.Errorf("testbed: compile %s: %w", class, err)
		}
		return nil
	})
}

// ensembleClasses returns the folder with the compiled class that runs several
// ZooKeeper servers in one JVM.
func ensembleClasses(ctx context.Context) (string, error) {
	return compiled(ctx, "ensemble", "Ensemble", ensembleSource, "8", "")
}
