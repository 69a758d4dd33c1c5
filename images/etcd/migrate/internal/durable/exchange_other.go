//go:build !linux

package durable

// Exchange is not possible here; the caller renames twice.
func Exchange(a, b string) (bool, error) { return false, fault("rename", b) }
