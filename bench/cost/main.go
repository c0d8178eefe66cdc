//go:build linux

// Command cost measures what evenkeel costs on real clusters with many
// partitions and groups, and any other exporter with the same work. It runs in
// the repository's folder, and takes its settings from the environment:
//
//	SIZES       of S, M and L; default S,M,L
//	EXPORTERS   others to measure: NAME=COMMAND; NAME=COMMAND
//	EVENKEEL    a binary; default: the one that it builds
//	WRITE_DOCS  1: write the results into docs/performance.md too
//
// In a command {brokers} stands for all brokers as host:port,..., {broker} for
// the first, {zookeeper} for the ZooKeeper server, {listen} for the host:port
// that the exporter is to listen on, {port} for its port alone. Words with "="
// before the program are its environment.
//
// It fails when a poll of evenkeel sends more requests than it may, or leaves
// out a part of its work.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/evenkeel/evenkeel/bench/load"
	"github.com/evenkeel/evenkeel/bench/report"
)

const (
	docs         = "docs/performance.md"
	startOfFill  = 10 * time.Minute
	afterFilling = 10 * time.Second // for what brokers still have to do
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "cost:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	list := os.Getenv("SIZES")
	if list == "" {
		list = "S,M,L"
	}
	sizes, err := load.ParseSizes(list)
	if err != nil {
		return err
	}
	exporters, err := parseExporters(os.Getenv("EXPORTERS"))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "evenkeel-cost-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	binary, err := build(ctx, dir)
	if err != nil {
		return err
	}
	var results []result
	for _, size := range sizes {
		some, err := measureSize(ctx, size, evenkeel(binary), exporters)
		if err != nil {
			return fmt.Errorf("size %s: %w", size.Name, err)
		}
		results = append(results, some...)
	}
	return publish(results, exporters)
}

// publish shows the results, true as they are even where they break a promise,
// and fails for that after all.
func publish(results []result, exporters []exporter) error {
	fmt.Println(section(results, exporters, ""))
	var errs []error
	if os.Getenv("WRITE_DOCS") == "1" {
		errs = append(errs, report.Update(docs, func(before string) string { return section(results, exporters, before) }))
	}
	for _, r := range results {
		errs = append(errs, r.excess)
	}
	return errors.Join(errs...)
}

// build returns the path of the binary to measure, without the race detector.
func build(ctx context.Context, dir string) (string, error) {
	if binary := os.Getenv("EVENKEEL"); binary != "" {
		return binary, nil
	}
	binary := filepath.Join(dir, "evenkeel")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, "github.com/evenkeel/evenkeel")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build evenkeel: %w", err)
	}
	return binary, nil
}

// measureSize measures all exporters on one cluster, one after another.
func measureSize(ctx context.Context, size load.Size, ours exporter, others []exporter) (out []result, err error) {
	filling, cancel := context.WithTimeout(ctx, startOfFill)
	defer cancel()
	c, err := load.Start(filling, size, os.Stderr)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	if err := wait(ctx, afterFilling); err != nil {
		return nil, err
	}
	for i, e := range append([]exporter{ours}, others...) {
		measure := measureOther
		if i == 0 {
			measure = measureOwn
		}
		fmt.Fprintf(os.Stderr, "%s: measuring %s\n", size.Name, e.name)
		r, err := measure(ctx, c, e)
		if err == nil {
			r.idle, err = measureIdle(ctx, c)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.name, err)
		}
		out = append(out, r)
	}
	return out, nil
}
