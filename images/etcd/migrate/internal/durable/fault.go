//go:build !faults

package durable

// fault stands before every change of a file. Only a build with the tag faults, for tests, can make a change fail.
func fault(_, _ string) error { return nil }
