package durable

import (
	"errors"
	"fmt"
	"syscall"
)

// folderNotWritable is the reason that both systems know.
const folderNotWritable = "its folder is not writable"

// Replaceable returns why ReplaceFile cannot put another file in the place of one. It changes nothing.
func Replaceable(path string) error {
	if reason := refusal(path); reason != "" {
		return fmt.Errorf("%s cannot be replaced: %s", path, reason)
	}
	return nil
}

// The error codes of Windows that tell why a file is not to be had.
const (
	windowsAccessDenied     = syscall.Errno(5)
	windowsWriteProtected   = syscall.Errno(19)
	windowsSharingViolation = syscall.Errno(32)
	windowsLockViolation    = syscall.Errno(33)
)

// windowsReason words the error with which Windows denies the rights to replace a file.
func windowsReason(err error) string {
	switch {
	case isWindowsInUse(err):
		return "it is running, or another process has it open"
	case errors.Is(err, windowsAccessDenied):
		return "it is read-only, or its access list denies it"
	case errors.Is(err, windowsWriteProtected):
		return "its disk is write-protected"
	}
	return err.Error()
}

func isWindowsInUse(err error) bool {
	return errors.Is(err, windowsSharingViolation) || errors.Is(err, windowsLockViolation)
}
