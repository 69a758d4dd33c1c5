//go:build faults

package durable

import "io/fs"

// Fault, if set, is asked before every change. Tests make it fail, to stand for a full or broken disk.
var Fault func(operation, path string) error

func fault(operation, path string) error {
	if Fault == nil {
		return nil
	}
	if err := Fault(operation, path); err != nil {
		return &fs.PathError{Op: operation, Path: path, Err: err}
	}
	return nil
}
