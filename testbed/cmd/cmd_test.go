package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestReleases(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"releases"}, nil, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"0.9.0.1    3.4.6   (default)", "4.4.0      none", "3.9.5"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("releases lacks %q:\n%s", want, &out)
		}
	}
}

func TestMistakes(t *testing.T) {
	for want, args := range map[string][]string{
		"unknown long flag":      {"up", "--kafak=2.8.2"},
		`no Kafka release "1.2"`: {"up", "--kafka=1.2"},
		`no Kafka release "1.3"`: {"up", "--kafka=1.3", "--property=a=b", "--zookeeper-property=c=d"},
		`no set of jars "kafka"`: {"fetch", "kafka"},
		"try --help":             {"down"},
	} {
		var out bytes.Buffer
		if err := run(t.Context(), args, strings.NewReader(""), &out); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want an error with %q", args, err, want)
		}
	}
}

func TestSpread(t *testing.T) {
	want := [][]int32{{0, 1}, {1, 0}, {0, 1}}
	if got := spread(3, 2); !slices.EqualFunc(got, want, slices.Equal[[]int32]) {
		t.Errorf("three partitions on two brokers: %v, want %v", got, want)
	}
	want = [][]int32{{0, 1, 2}, {1, 2, 3}}
	if got := spread(2, 5); !slices.EqualFunc(got, want, slices.Equal[[]int32]) {
		t.Errorf("two partitions on five brokers: %v, want %v", got, want)
	}
}

func TestFindServerMistakes(t *testing.T) {
	for want, words := range map[string][2]string{
		"want broker or zookeeper": {"brokers", "1"},
		"want a number":            {"broker", "one"},
		"there is no zookeeper 4":  {"zookeeper", "4"},
	} {
		if _, err := findServer(words[0], words[1], nil, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want an error with %q", words, err, want)
		}
	}
}
