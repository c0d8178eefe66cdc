package zookeeper

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// parseSubscription reads the registration of an old consumer, and returns the topics
// that it asked for by name, sorted: none where it asked by a pattern.
func parseSubscription(data []byte) ([]string, error) {
	var raw struct {
		Pattern      string         `json:"pattern"`
		Subscription map[string]int `json:"subscription"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, fmt.Errorf("it is no registration of a consumer: %w", err)
	}
	if raw.Pattern != "static" {
		return nil, nil
	}
	return slices.Sorted(maps.Keys(raw.Subscription)), nil
}
