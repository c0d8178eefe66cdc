//go:build cluster && matrix

package acceptance

import "testing"

// What the newest and the oldest release show of groups is shown by those between
// them, too.

func TestEveryReleasesGroups(t *testing.T) {
	for _, release := range []string{"2.8.2", "3.9.2"} {
		t.Run(release, func(t *testing.T) { groupsOfEveryKind(t, release) })
	}
}

func TestEveryReleasesTransactions(t *testing.T) {
	for _, release := range []string{"2.8.2", "3.9.2"} {
		t.Run(release, func(t *testing.T) { transactions(t, release) })
	}
}

func TestEveryReleasesGroupsInAnOutage(t *testing.T) {
	for _, release := range []string{"0.9.0.1", "2.8.2", "3.9.2"} {
		t.Run(release, func(t *testing.T) { groupsThroughAnOutage(t, release) })
	}
}

func TestEveryReleaseAtFullSpeed(t *testing.T) {
	for _, release := range []string{"0.9.0.1", "2.8.2", "3.9.2"} {
		t.Run(release, func(t *testing.T) { lagAtFullSpeed(t, release) })
	}
}
