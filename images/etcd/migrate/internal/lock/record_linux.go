package lock

import (
	"os"
	"syscall"
)

// getOpenFileLock asks about a record lock that belongs to an open file rather than to a process; such are etcd's.
const getOpenFileLock = 36

func recordLock(file *os.File) error {
	lock := syscall.Flock_t{Type: syscall.F_WRLCK}
	if err := syscall.FcntlFlock(file.Fd(), getOpenFileLock, &lock); err != nil {
		return nil // a file system or kernel without them
	}
	if lock.Type != syscall.F_UNLCK {
		return errBusy
	}
	return nil
}
