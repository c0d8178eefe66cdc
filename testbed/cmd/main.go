// Command testbed starts a real ZooKeeper ensemble and Kafka cluster on
// loopback for a person to look at and to break.
//
//	go run ./testbed/cmd up --kafka=2.8.2 --brokers=3
//	go run ./testbed/cmd releases
//	go run ./testbed/cmd fetch kafka-0.9.0.1 zookeeper-3.4.6
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/alecthomas/kingpin/v2"

	"github.com/evenkeel/evenkeel/testbed"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run parses the command line and does what it says.
func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	app := kingpin.New("testbed", "Real ZooKeeper and Kafka clusters on loopback, of any release.").UsageWriter(out)

	spec := testbed.Spec{Properties: map[string]string{}, ZooKeeperProperties: map[string]string{}} // kingpin fills maps that are there
	up := app.Command("up", "Start a cluster, say where it is, and stop it at Ctrl-C.")
	up.Flag("kafka", "Kafka release; see the command releases.").Default(testbed.DefaultKafka).StringVar(&spec.Kafka)
	up.Flag("zookeeper", "ZooKeeper release (default: the one paired with the Kafka release).").StringVar(&spec.ZooKeeper)
	up.Flag("zookeepers", "Number of ZooKeeper servers.").Default("3").IntVar(&spec.ZooKeepers)
	up.Flag("brokers", "Number of brokers (default: 2; 3 where there is no ZooKeeper).").IntVar(&spec.Brokers)
	up.Flag("kraft", "Run without ZooKeeper a release that knows both (3.3 to 3.9).").BoolVar(&spec.KRaft)
	up.Flag("controllers", "Number of controllers that are processes of their own, without ZooKeeper (default: 0, the brokers are controllers as well).").IntVar(&spec.Controllers)
	up.Flag("observers", "Number of ZooKeeper observers beside the servers.").IntVar(&spec.Observers)
	up.Flag("zookeeper-only", "Start no brokers.").BoolVar(&spec.ZooKeeperOnly)
	up.Flag("one-jvm", "Run all ZooKeeper servers in one JVM.").BoolVar(&spec.OneJVM)
	up.Flag("admin-server", "Switch ZooKeeper's AdminServer on (3.5 and later).").BoolVar(&spec.AdminServer)
	up.Flag("chroot", "Path in ZooKeeper for Kafka's data.").StringVar(&spec.Chroot)
	up.Flag("property", "A broker setting, key=value; repeatable.").StringMapVar(&spec.Properties)
	up.Flag("zookeeper-property", "A ZooKeeper setting, key=value; repeatable.").StringMapVar(&spec.ZooKeeperProperties)
	up.Flag("dir", "Folder for data and logs, which stays (default: a temporary one).").StringVar(&spec.Dir)
	topics := up.Flag("topic", "A topic to create, name=partitions, each replicated on up to three brokers; repeatable.").StringMap()

	fetch := app.Command("fetch", "Fill the cache with jars.")
	fetchSets := fetch.Arg("set", "Such as kafka-0.9.0.1 (default: all).").Strings()

	app.Command("releases", "List the releases.")

	sums := app.Command("sums", "For maintainers: write the SHA-256 sums of the jars, trusting what Maven brings.")
	folder := sums.Flag("folder", "Folder of the poms.").Default("testbed/poms").ExistingDir()
	sumSets := sums.Arg("set", "Such as kafka-0.9.0.1 (default: all).").Strings()

	command, err := app.Parse(args)
	if err != nil {
		return fmt.Errorf("%w; try --help", err)
	}
	switch command {
	case "up":
		spec.Log = out
		return runUp(ctx, spec, *topics, in, out)
	case "fetch":
		return each(*fetchSets, func(set string) error {
			dir, err := testbed.Fetch(ctx, set, out)
			if err == nil {
				fmt.Fprintln(out, dir)
			}
			return err
		})
	case "sums":
		return each(*sumSets, func(set string) error {
			fmt.Fprintln(out, set)
			return testbed.WriteSums(ctx, set, *folder)
		})
	default:
		return listReleases(out)
	}
}

// each calls f for each of the named sets of jars, or for all of them.
func each(sets []string, f func(set string) error) error {
	if len(sets) == 0 {
		sets = testbed.JarSets()
	}
	for _, set := range sets {
		if err := f(set); err != nil {
			return err
		}
	}
	return nil
}

func listReleases(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "KAFKA\tON ZOOKEEPER")
	for _, kafka := range testbed.KafkaReleases() {
		zookeeper, err := testbed.PairedZooKeeper(kafka)
		if err != nil {
			return err
		}
		if zookeeper == "" {
			zookeeper = "none"
		}
		if kafka == testbed.DefaultKafka {
			zookeeper += "\t(default)"
		}
		fmt.Fprintf(w, "%s\t%s\n", kafka, zookeeper)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "\nZooKeeper releases:", strings.Join(testbed.ZooKeeperReleases(), ", "))
	return err
}
