// Command evenkeel watches Kafka clusters and the ZooKeeper ensembles under them.
package main

import (
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/promslog"
	promslogflag "github.com/prometheus/common/promslog/flag"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
	webflag "github.com/prometheus/exporter-toolkit/web/kingpinflag"

	"github.com/evenkeel/evenkeel/config"
)

// Exit codes of the contract: a mistake on the command line or in the file.
const (
	exitMistake      = 2
	exitCheckMistake = 3 // from check and elect, where 2 means something else
)

// options is everything that the command line says.
type options struct {
	clusterFlags
	configFile      string
	shard           string
	web             *web.FlagConfig
	enableLifecycle bool
	checkClusters   []string
	checkOutput     string
	checkRestart    brokerFlag
	elect           electFlags
	configCheckFile string
	rulesOutput     string
	log             promslog.Config
}

// clusterFlags are the flags that describe a single cluster. Given together with
// a file they contradict it.
type clusterFlags struct {
	config.Flags
	given []*bool
	names []string
}

// gcPercent lets the heap grow by half between two collections: each poll leaves as
// much garbage as there is in a snapshot, and memory is dearer here than the few
// milliseconds of a collection.
const gcPercent = 50

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	var o options
	app := kingpin.New("evenkeel", "Watches Kafka clusters and the ZooKeeper ensembles under them.")
	// What man -k finds; kingpin has the name alone.
	kingpin.ManPageTemplate = strings.Replace(kingpin.ManPageTemplate, ".SH \"NAME\"\n{{.App.Name}}\n", ".SH \"NAME\"\nevenkeel \\- watches Kafka clusters and the ZooKeeper ensembles under them\n", 1)
	app.HelpFlag.Short('h')
	app.UsageWriter(os.Stdout)
	serve := app.Command("serve", "Run. The default command.").Default()
	check := app.Command("check", "Poll once and report: exit status 0 healthy, 1 warning, 2 critical, 3 could not tell.")
	elect := app.Command("elect", "Give partitions back to their preferred leaders now: exit status 0 done, 1 partly, 2 forbidden, 3 could not tell.")
	configCheck := app.Command("config-check", "Check a configuration file.")
	rules := app.Command("rules", "Print the alert rules, for a Prometheus server, or write them as files.")
	app.Command("version", "Print the version.")
	o.addFlags(app)
	o.web = webflag.AddFlags(serve, ":9308")
	serve.Flag("shard", "This evenkeel's share of groups and partition series, where several watch the same clusters: i/n, with i from 0.").StringVar(&o.shard)
	serve.Flag("web.enable-lifecycle", "Allow POST /-/reload, and with authentication /-/rebalance/...").BoolVar(&o.enableLifecycle)
	check.Flag("cluster", "Check this cluster of the file only (repeatable).").StringsVar(&o.checkClusters)
	check.Flag("output", "text or json.").Default("text").StringVar(&o.checkOutput)
	check.Flag("restart", "May the broker with this id be stopped now? Exit status 0 yes, 2 no, 3 could not tell.").PlaceHolder("BROKER").SetValue(&o.checkRestart)
	o.elect.add(elect)
	rules.Flag("output", "Directory to write the rule files into; it is made where it is missing.").StringVar(&o.rulesOutput)
	configCheck.Arg("file", "Configuration file.").Required().StringVar(&o.configCheckFile)

	if len(args) == 2 && args[0] == "--completion-bash" && !strings.HasPrefix(args[1], "-") {
		args = args[:1] // the beginning of a command's name: kingpin would take it for serve's
	}
	command, err := app.Parse(args)
	mistake := exitMistake
	if reports(command) || err != nil && slices.ContainsFunc(args, reports) {
		mistake = exitCheckMistake
	}
	if err != nil {
		return fail(mistake, fmt.Errorf("%w; try evenkeel --help", err))
	}
	switch command {
	case "version":
		fmt.Println(version.Print("evenkeel"))
		return 0
	case "rules":
		return runRules(o.rulesOutput)
	case "config-check":
		return runConfigCheck(o.configCheckFile)
	}
	cfg, load, err := o.configuration()
	if err != nil {
		return fail(mistake, err)
	}
	log := promslog.New(&o.log)
	slog.SetDefault(log)
	switch command {
	case "check":
		return runCheck(cfg, &o, log)
	case "elect":
		return runElect(cfg, &o, log)
	}
	return runServe(cfg, load, &o, log)
}

// reports says whether a command has an exit status for what it could not tell.
func reports(command string) bool { return command == "check" || command == "elect" }

// fail says what is wrong in one line, also where a library needs several.
func fail(code int, err error) int {
	fmt.Fprintln(os.Stderr, "evenkeel: error:", strings.Join(strings.Fields(err.Error()), " "))
	return code
}

// addFlags declares the flags that serve, check and elect take alike.
func (o *options) addFlags(app *kingpin.Application) {
	single := func(name, help string) *kingpin.FlagClause {
		set := new(bool)
		o.given, o.names = append(o.given, set), append(o.names, name)
		return app.Flag(name, help).IsSetByUser(set)
	}
	single("kafka.brokers", "Bootstrap brokers HOST:PORT,...; may be left out where ZooKeeper names them.").StringVar(&o.Brokers)
	single("zookeeper.servers", "ZooKeeper servers HOST:PORT,...[/chroot].").StringVar(&o.ZooKeeper)
	single("cluster.name", "Value of the kafka_cluster label.").Default(config.DefaultClusterName).StringVar(&o.ClusterName)
	single("poll.interval", "Time from the start of a poll to the start of the next.").Default(config.DefaultPollInterval.String()).StringVar(&o.PollInterval)
	single("poll.timeout", "Time after which a poll ends, whatever hangs; default "+config.DefaultPollTimeout.String()+", or the interval where that is shorter.").StringVar(&o.PollTimeout)
	single("rebalance.mode", "off, dry_run or auto.").Default(string(config.DefaultRebalanceMode)).StringVar(&o.RebalanceMode)
	app.Flag("config.file", "Configuration file: many clusters, security, alerting. Not together with the flags of a single cluster.").StringVar(&o.configFile)
	promslogflag.AddFlags(app, &o.log)
}

// configuration makes the configuration of the file or of the flags, and for a
// file the function that reads it anew.
func (o *options) configuration() (*config.Config, func() (*config.Config, error), error) {
	shard, err := config.ParseShard(o.shard)
	if err != nil {
		return nil, nil, err
	}
	if o.configFile == "" {
		cfg, err := config.FromFlags(o.Flags)
		if err == nil {
			shard.Take(cfg)
		}
		return cfg, nil, err
	}
	for i, given := range o.given {
		if *given {
			return nil, nil, fmt.Errorf("--%s together with --config.file: say it in the file, or leave the file out", o.names[i])
		}
	}
	load := func() (*config.Config, error) {
		cfg, err := config.Load(o.configFile)
		if err == nil {
			shard.Take(cfg)
		}
		return cfg, err
	}
	cfg, err := load()
	return cfg, load, err
}
