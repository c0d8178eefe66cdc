//go:build cluster && !soak

package acceptance

const detectRaces = true
