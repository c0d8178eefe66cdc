package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"github.com/alecthomas/kingpin/v2"

	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/exporter"
	"github.com/evenkeel/evenkeel/rebalance"
)

// electFlags is what a person says of a run.
type electFlags struct {
	cluster, topic, broker string
	max                    int
	override               []string
	dryRun, yes            bool
}

func (f *electFlags) add(cmd *kingpin.CmdClause) {
	cmd.Flag("cluster", "The cluster; required when the file names several.").StringVar(&f.cluster)
	cmd.Flag("topic", "Only topics that this regular expression matches; it is not anchored, as in the file.").StringVar(&f.topic)
	cmd.Flag("broker", "Only partitions that the broker with this id is to lead.").StringVar(&f.broker)
	cmd.Flag("max", "The most partitions; 0 for no limit.").IntVar(&f.max)
	cmd.Flag("dry-run", "Show the plan, and do nothing.").BoolVar(&f.dryRun)
	cmd.Flag("yes", "Do not ask.").BoolVar(&f.yes)
	cmd.Flag("override", "Guards to set aside, which takes their risk (repeatable, or NAME,...): "+strings.Join(rebalance.Overridable, ", ")+".").StringsVar(&f.override)
}

// options reads the flags. An error names the flag.
func (f *electFlags) options() (exporter.ElectOptions, error) {
	o := exporter.ElectOptions{Cluster: f.cluster, DryRun: f.dryRun, Yes: f.yes}
	if f.topic != "" {
		topic, err := regexp.Compile(f.topic)
		if err != nil {
			return o, fmt.Errorf("--topic: %w", err)
		}
		o.Topic = topic
	}
	if f.broker != "" {
		id, err := strconv.ParseInt(f.broker, 10, 32)
		if err != nil || id < 0 {
			return o, fmt.Errorf("--broker: %q is no id of a broker; allowed: a number from 0 on", f.broker)
		}
		broker := int32(id)
		o.Broker = &broker
	}
	if o.Max = f.max; f.max < 0 {
		return o, fmt.Errorf("--max: %d; allowed: a number from 0 on", f.max)
	}
	var names []string
	for _, list := range f.override {
		names = append(names, strings.Split(list, ",")...)
	}
	override, err := rebalance.ParseOverride(names)
	if err != nil {
		return o, fmt.Errorf("--override: %w", err)
	}
	o.Override = override
	return o, nil
}

func runElect(cfg *config.Config, o *options, log *slog.Logger) int {
	opts, err := o.elect.options()
	if err != nil {
		return fail(exitCheckMistake, err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	opts.In, opts.Out, opts.Logger = os.Stdin, os.Stdout, log
	status, err := exporter.Elect(ctx, cfg, opts)
	if err != nil {
		return fail(status, err)
	}
	return status
}
