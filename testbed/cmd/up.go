package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/evenkeel/evenkeel/testbed"
)

// runUp starts a cluster and obeys the lines of in until ctx ends.
func runUp(ctx context.Context, spec testbed.Spec, topics map[string]string, in io.Reader, out io.Writer) (err error) {
	c, err := testbed.Start(ctx, spec)
	if err != nil {
		return err
	}
	defer func() {
		fmt.Fprintln(out, "stopping")
		if stopErr := c.Stop(); err == nil {
			err = stopErr
		}
	}()
	for name, partitions := range topics {
		n, err := strconv.Atoi(partitions)
		if err != nil || n < 1 {
			return fmt.Errorf("--topic=%s=%s: want a number of partitions", name, partitions)
		}
		if err := c.CreateTopic(ctx, name, spread(n, len(c.Brokers()))); err != nil {
			return err
		}
	}
	printCluster(out, c)
	lines := readLines(ctx, in)
	for {
		select {
		case <-ctx.Done():
			return nil
		case line, ok := <-lines:
			if !ok {
				lines = nil // no terminal: only a signal ends it now
				continue
			}
			if err := obey(ctx, c, line, out); err != nil {
				fmt.Fprintln(out, err)
			}
		}
	}
}

// spread assigns partitions to brokers in turn, with up to three replicas.
func spread(partitions, brokers int) [][]int32 {
	assignment := make([][]int32, partitions)
	for p := range assignment {
		for r := range min(3, brokers) {
			assignment[p] = append(assignment[p], int32((p+r)%brokers))
		}
	}
	return assignment
}

// readLines yields the lines of in and is closed at its end.
func readLines(ctx context.Context, in io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		scanner := bufio.NewScanner(in)
		for scanner.Scan() {
			select {
			case lines <- scanner.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

func printCluster(out io.Writer, c *testbed.Cluster) {
	fmt.Fprintln(out)
	printServers(out, c)
	if connect := c.ZooKeeperConnect(); connect != "" {
		fmt.Fprintf(out, "\n--zookeeper.servers=%s", connect)
	}
	if brokers := c.Bootstrap(); len(brokers) > 0 {
		fmt.Fprintf(out, "\n--kafka.brokers=%s", strings.Join(brokers, ","))
	}
	fmt.Fprintf(out, "\n\ndata and logs: %s\n%s\n", c.Dir(), usage)
}

func printServers(out io.Writer, c *testbed.Cluster) {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "SERVER\tADDRESS\tPROCESS\tKILL\tFREEZE\tTHAW\tLOG")
	for _, s := range append(c.ZooKeepers(), c.Brokers()...) {
		pid, kill := "-", "-\t-\t-"
		if s.Running() {
			pid = strconv.Itoa(s.PID())
			kill = fmt.Sprintf("kill -9 %s\tkill -STOP %s\tkill -CONT %s", pid, pid, pid)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", s.Name(), s.Addr(), pid, kill, s.LogFile())
	}
	if err := w.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}
