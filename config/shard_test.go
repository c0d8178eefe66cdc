package config

import (
	"fmt"
	"testing"
)

func TestParseShard(t *testing.T) {
	for text, want := range map[string]Shard{"": {}, "0/1": {0, 1}, "0/3": {0, 3}, "2/3": {2, 3}} {
		got, err := ParseShard(text)
		if err != nil || got != want {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"3/3", "-1/3", "1", "1/", "/3", "a/b", "0/0", "1/2/3", "0 / 3", "0/-1"} {
		if got, err := ParseShard(text); err == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}

func TestEveryNameBelongsToOneShard(t *testing.T) {
	const shards = 3
	var owned [shards]int
	for i := range 3000 {
		owners := 0
		for s := range shards {
			if (Shard{s, shards}).Owns(fmt.Sprintf("group-%d", i)) {
				owners++
				owned[s]++
			}
		}
		if owners != 1 {
			t.Fatalf("group-%d belongs to %d shards", i, owners)
		}
	}
	for s, n := range owned {
		if n < 800 || n > 1200 {
			t.Errorf("shard %d owns %d of 3000", s, n)
		}
	}
	if !(Shard{}).Owns("x") || !(Shard{}).First() || !(Shard{}).Whole() || (Shard{1, 3}).First() || (Shard{1, 3}).Whole() {
		t.Error("the zero Shard is the whole, and shard 1 is neither first nor whole")
	}
}

// Releases must agree on who owns what.
func TestHashOfNamesIsFixed(t *testing.T) {
	for name, want := range map[string]int{"": 1, "payments": 0, "orders": 2, "__consumer_offsets": 2} {
		if !(Shard{want, 3}).Owns(name) {
			for s := range 3 {
				if (Shard{s, 3}).Owns(name) {
					t.Errorf("%q belongs to shard %d/3, want %d/3", name, s, want)
				}
			}
		}
	}
}
