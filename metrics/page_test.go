package metrics

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

const smallText = `# HELP kafka_brokers Brokers that are up.
# TYPE kafka_brokers gauge
kafka_brokers{kafka_cluster="prod"} 3
# HELP kafka_topic_partition_leader Broker id of the leader.
# TYPE kafka_topic_partition_leader gauge
kafka_topic_partition_leader{kafka_cluster="prod",topic="t",partition="0"} 1
kafka_topic_partition_leader{kafka_cluster="prod",topic="t",partition="1"} -1
# HELP kafka_isr_shrinks_total Replicas that left an ISR.
# TYPE kafka_isr_shrinks_total counter
kafka_isr_shrinks_total{kafka_cluster="prod",broker="1"} 7
kafka_isr_shrinks_total{kafka_cluster="prod",broker="2"} 0
# HELP zk_some_line The line "some_line" of mntr,\nas C:\\zookeeper tells it.
# TYPE zk_some_line untyped
zk_some_line{kafka_cluster="prod",zk_server="zk1:2181"} 0.25
`

const smallOpenMetrics = `# HELP kafka_brokers Brokers that are up.
# TYPE kafka_brokers gauge
kafka_brokers{kafka_cluster="prod"} 3
# HELP kafka_topic_partition_leader Broker id of the leader.
# TYPE kafka_topic_partition_leader gauge
kafka_topic_partition_leader{kafka_cluster="prod",topic="t",partition="0"} 1
kafka_topic_partition_leader{kafka_cluster="prod",topic="t",partition="1"} -1
# HELP kafka_isr_shrinks Replicas that left an ISR.
# TYPE kafka_isr_shrinks counter
kafka_isr_shrinks_total{kafka_cluster="prod",broker="1"} 7
kafka_isr_shrinks_total{kafka_cluster="prod",broker="2"} 0
# HELP zk_some_line The line \"some_line\" of mntr,\nas C:\\zookeeper tells it.
# TYPE zk_some_line unknown
zk_some_line{kafka_cluster="prod",zk_server="zk1:2181"} 0.25
# EOF
`

func TestPageInBothFormats(t *testing.T) {
	page := NewPage(order, encode(t, "prod", emitSmall))
	if got := render(t, page, Text, ""); got != smallText {
		t.Errorf("text:\n%s\nwant:\n%s", got, smallText)
	}
	if got := render(t, page, OpenMetrics, "# EOF\n"); got != smallOpenMetrics {
		t.Errorf("OpenMetrics:\n%s\nwant:\n%s", got, smallOpenMetrics)
	}
}

func TestClustersShareOneHeader(t *testing.T) {
	one := func(n int64) func(*Writer) {
		return func(w *Writer) {
			w.Begin(shrinks)
			w.Int(n, "1")
			if n == 2 { // a family that only the second cluster has
				w.Begin(brokers)
				w.Int(n)
			}
		}
	}
	page := NewPage(order, encode(t, "first", one(1)), Part{}, encode(t, "second", one(2)))
	want := `# HELP kafka_brokers Brokers that are up.
# TYPE kafka_brokers gauge
kafka_brokers{kafka_cluster="second"} 2
# HELP kafka_isr_shrinks_total Replicas that left an ISR.
# TYPE kafka_isr_shrinks_total counter
kafka_isr_shrinks_total{kafka_cluster="first",broker="1"} 1
kafka_isr_shrinks_total{kafka_cluster="second",broker="1"} 2
# a tail
`
	if got := render(t, page, Text, "# a tail\n"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestFamilyWithoutSamplesIsLeftOut(t *testing.T) {
	part := encode(t, "prod", func(w *Writer) {
		w.Begin(brokers)
		w.Begin(leader)
		w.Int(1, "t", "0")
		w.Begin(shrinks)
	})
	text := render(t, NewPage(order, part), Text, "")
	if strings.Contains(text, brokers.Name) || strings.Contains(text, shrinks.Name) {
		t.Errorf("a family without samples is shown:\n%s", text)
	}
	if part.Series() != 1 {
		t.Errorf("%d series, want 1", part.Series())
	}
}

func TestEmptyPage(t *testing.T) {
	for name, page := range map[string]*Page{
		"no parts": NewPage(order), "an empty part": NewPage(order, Part{}), "no families": NewPage(nil),
	} {
		for _, tail := range []string{"", "# EOF\n"} {
			if got := render(t, page, OpenMetrics, tail); got != tail {
				t.Errorf("%s: %q, want %q", name, got, tail)
			}
			if got := unpackEveryWay(t, page, OpenMetrics, tail); got != tail {
				t.Errorf("%s, gzip: %q, want %q", name, got, tail)
			}
		}
	}
}

func TestPageRefusesWrongOrder(t *testing.T) {
	part := encode(t, "prod", emitSmall)
	mustPanic(t, "metric zk_some_line: not in the order", func() { NewPage([]*Family{brokers, leader, shrinks}, part) })
	mustPanic(t, "metric kafka_brokers: twice in the order", func() { NewPage([]*Family{brokers, leader, brokers}) })
}

func TestPartTellsItsSize(t *testing.T) {
	part := encode(t, "prod", emitSmall)
	var lines, length int
	for line := range strings.Lines(smallText) {
		if !strings.HasPrefix(line, "#") {
			lines++
			length += len(line)
		}
	}
	compressed, plain := part.Size()
	if part.Series() != lines || plain != length || compressed == 0 {
		t.Errorf("%d series in %d bytes (%d compressed), want %d in %d", part.Series(), plain, compressed, lines, length)
	}
}

// brokenPipe fails once a number of bytes has been written.
type brokenPipe struct{ left int }

func (w *brokenPipe) Write(p []byte) (int, error) {
	if len(p) > w.left {
		return 0, io.ErrClosedPipe
	}
	w.left -= len(p)
	return len(p), nil
}

func TestWriteToReturnsTheErrorOfItsWriter(t *testing.T) {
	page := NewPage(order, encode(t, "prod", emitSmall))
	for _, zip := range []bool{false, true} {
		var whole bytes.Buffer
		if err := page.WriteTo(&whole, Text, zip, []byte("# tail\n")); err != nil {
			t.Fatal(err)
		}
		for n := range whole.Len() {
			if err := page.WriteTo(&brokenPipe{left: n}, Text, zip, []byte("# tail\n")); !errors.Is(err, io.ErrClosedPipe) {
				t.Fatalf("gzip %v, broken after %d bytes: error %v", zip, n, err)
			}
		}
		if got := render(t, page, Text, ""); got != smallText {
			t.Fatalf("after broken pipes the page reads:\n%s", got)
		}
	}
}
