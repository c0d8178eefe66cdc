//go:build cluster

package acceptance

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

// bothEnds are the oldest and the newest release, for faults that have to do with
// evenkeel alone.
var bothEnds = []string{"0.9.0.1", "4.4.0"}

// twoHundred is how many scrape at once.
const twoHundred = 200

var manyScrapes = fault{
	name: "two_hundred_scrapes_at_once", bed: plain, on: bothEnds, quick: bothEnds, hold: time.Second, crowds: true,
	shows: "nothing wrong, to any of them",
	begin: func(s *scene) []claim {
		client := &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
		var all sync.WaitGroup
		s.struck()
		for range twoHundred {
			all.Go(func() {
				res, err := client.Get(s.p.url + "/metrics")
				if err != nil {
					s.t.Error(err)
					return
				}
				defer res.Body.Close()
				body, err := io.ReadAll(res.Body)
				if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(body), "\nkafka_brokers{") {
					s.t.Errorf("one of many scrapes: %s, %d bytes, %v", res.Status, len(body), err)
				}
			})
		}
		all.Wait()
		return s.ifAnything()
	},
	end: func(*scene) {},
}

var slowScrapes = fault{
	name: "scrapes_that_read_a_byte_a_second", bed: plain, on: bothEnds, quick: []string{"0.9.0.1"},
	shows: "everything, to all others",
	begin: func(s *scene) []claim {
		var conns []net.Conn
		s.undo = func() {
			for _, c := range conns {
				_ = c.Close() // what it has not read is nobody's loss
			}
		}
		s.struck()
		for range 5 {
			conn, err := net.Dial("tcp", strings.TrimPrefix(s.p.url, "http://"))
			must(s.t, err)
			conns = append(conns, conn)
			// So many that their answers do not fit into what the kernels keep.
			_, err = io.WriteString(conn, strings.Repeat("GET /metrics HTTP/1.1\r\nHost: evenkeel\r\n\r\n", 200))
			must(s.t, err)
			go func() {
				for one := make([]byte, 1); ; time.Sleep(time.Second) {
					if _, err := conn.Read(one); err != nil {
						return
					}
				}
			}()
		}
		return s.undisturbed()
	},
	end: (*scene).undone,
}

var mistakenConfig = fault{
	name: "configuration_with_a_mistake", bed: plain, on: bothEnds, quick: bothEnds, hold: time.Second,
	shows: "`evenkeel_config_last_reload_successful` 0, all else as it is",
	begin: func(s *scene) []claim {
		good, err := os.ReadFile(s.file)
		must(s.t, err)
		s.undo = func() {
			writeConfig(s.t, s.file, string(good))
			s.reload()
		}
		writeConfig(s.t, s.file, string(good)+"nonsense: true\n")
		s.struck()
		must(s.t, s.p.cmd.Process.Signal(syscall.SIGHUP))
		return append([]claim{is("evenkeel_config_last_reload_successful 0", atOnce)}, s.undisturbed()...)
	},
	end: (*scene).undone,
}

func init() { declare(&manyScrapes, &slowScrapes, &mistakenConfig) }

// ifAnything is undisturbed where so much goes on beside evenkeel that it may have had no
// time for a poll. It says so then, and nothing else.
func (s *scene) ifAnything() (claims []claim) {
	for _, c := range s.undisturbed() {
		if strings.HasPrefix(c.want, "kafka_") {
			claims = append(claims, ifAny(c.want, c.within))
		}
	}
	return claims
}

// undisturbed is what is true when nothing happens to the cluster, nor to the way to
// it.
func (s *scene) undisturbed() []claim {
	claims := []claim{is(fmt.Sprintf("kafka_brokers %d", len(s.c.Brokers())), 0), is("kafka_cluster_reachable 1", 0)}
	for _, want := range []string{
		"kafka_offline_partitions 0", `kafka_under_replicated_partitions{reason="broker_down"} 0`, `kafka_under_replicated_partitions{reason="lagging"} 0`,
		"kafka_active_controllers 1", `evenkeel_collector_success{collector="isr"} 1`, `evenkeel_collector_success{collector="lag"} 1`,
	} {
		claims = append(claims, is(want, 0))
	}
	for _, b := range s.c.Brokers() {
		claims = append(claims, is(brokerSeries("kafka_broker_up", b.ID())+" 1", 0), is(brokerSeries("kafka_broker_registered", b.ID())+" 1", 0))
	}
	return claims
}
