// Command demo starts a throwaway cluster, lets evenkeel watch it, and plays the
// story that evenkeel was made for: a broker dies, comes back, and leads nothing, until
// evenkeel gives it back what it led. It says what happened and what evenkeel saw, and
// stays until Ctrl-C.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/evenkeel/evenkeel/testbed"
)

func main() {
	app := kingpin.New("evenkeel-demo", "Plays evenkeel's story on a real throwaway cluster.")
	binary := app.Flag("evenkeel", "The evenkeel binary.").Required().ExistingFile()
	story := app.Flag("story", "on: play the story; off: leave the cluster to you.").Default("on").Enum("on", "off")
	address := app.Flag("web.listen-address", "Where evenkeel serves.").Default("127.0.0.1:9308").String()
	kingpin.MustParse(app.Parse(os.Args[1:]))

	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM) // until the process ends
	err := demo(ctx, *binary, *address, *story == "on")
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func demo(ctx context.Context, binary, address string, play bool) (err error) {
	begun := time.Now()
	fmt.Println("Starting 3 ZooKeeper 3.4.6 servers and 2 Kafka 0.9.0.1 brokers (the first time, their jars are fetched) ...")
	c, err := testbed.Start(ctx, testbed.Spec{})
	if err != nil {
		return err
	}
	defer func() {
		fmt.Println("\nStopping everything ...")
		err = errors.Join(err, c.Stop())
	}()
	if err := c.CreateTopic(ctx, "test", [][]int32{{0, 1}, {1, 0}}); err != nil {
		return err
	}
	producer, err := c.StartProducer(ctx, "test", 20)
	if err != nil {
		return err
	}
	defer stopWithin(producer.Stop)
	consumer, err := c.StartConsumer(ctx, "demo", "test")
	if err != nil {
		return err
	}
	defer func() { _ = consumer.Stop() }() // the cluster goes away with it
	watched, err := watch(ctx, binary, address, c)
	if err != nil {
		return err
	}
	defer watched.stop()
	introduce(c, watched, time.Since(begun))
	if play {
		if err := tell(ctx, c, watched); err != nil {
			return err
		}
	}
	fmt.Println("\nAll of it stays up until Ctrl-C. Kill, freeze (kill -STOP) and thaw (kill -CONT) what you like, and look at the page.")
	<-ctx.Done()
	return nil
}

// stopWithin ends a client of the cluster, also when the demo's own context has.
func stopWithin(stop func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_ = stop(ctx) // the cluster goes away with it
}

func introduce(c *testbed.Cluster, w *watched, took time.Duration) {
	fmt.Printf("It stands, with a producer and the consumer group \"demo\" at work on topic \"test\" (%.0f s).\n\n", took.Seconds())
	fmt.Printf("    page     %s/\n    metrics  %s/metrics\n    log      %s\n\n", w.url, w.url, w.logFile)
	for _, z := range c.ZooKeepers() {
		fmt.Printf("    %-14s %-18s pid %d\n", z.Name(), z.Addr(), z.PID())
	}
	for _, b := range c.Brokers() {
		fmt.Printf("    %-14s %-18s pid %d\n", b.Name(), b.Addr(), b.PID())
	}
	fmt.Println()
}

// watched is the evenkeel that watches the demo's cluster.
type watched struct {
	cmd     *exec.Cmd
	url     string
	logFile string
}

// config is evenkeel's. Everything that takes minutes by default takes seconds.
const config = `clusters:
  - name: demo
    zookeeper: {servers: [%s]}
    poll: {interval: 1s, timeout: 1s}
    rebalance: {mode: auto, persist_for: 5s, settle: 5s, broker_left: 5s, cooldown: 10s, batch_pause: 1s}
alerts: {evaluate: true}
`

func watch(ctx context.Context, binary, address string, c *testbed.Cluster) (*watched, error) {
	address = free(address)
	logFile := filepath.Join(c.Dir(), "evenkeel.log")
	log, err := os.Create(logFile)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the child has its own
	file := filepath.Join(c.Dir(), "evenkeel.yml")
	if err := os.WriteFile(file, fmt.Appendf(nil, config, c.ZooKeeperConnect()), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(binary, "--config.file="+file, "--web.listen-address="+address)
	cmd.Stdout, cmd.Stderr = log, log
	// Ctrl-C reaches the whole foreground group; evenkeel is to see the cluster
	// being stopped by us, and to go last but one.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	w := &watched{cmd: cmd, url: "http://" + address, logFile: logFile}
	if _, err := w.await(ctx, func(view) bool { return true }); err != nil {
		w.stop()
		return nil, fmt.Errorf("evenkeel does not serve: %w; see %s", err, logFile)
	}
	return w, nil
}

func (w *watched) stop() {
	_ = w.cmd.Process.Signal(syscall.SIGTERM)
	_ = w.cmd.Wait()
}

// free returns the address, or one with a free port where it is taken.
func free(address string) string {
	l, err := net.Listen("tcp", address)
	if err != nil {
		fmt.Printf("%s is taken, taking another port.\n", address)
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return address
		}
	}
	defer l.Close()
	return l.Addr().String()
}
