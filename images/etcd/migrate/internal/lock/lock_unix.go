//go:build unix

package lock

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
)

// lockDirectory locks the directory itself, which leaves no file behind. Where a file system has no locks on
// directories (NFS), a file in the work folder is locked instead.
func lockDirectory(directory string) (func(), error) {
	file, err := os.Open(directory)
	if err != nil {
		return nil, err
	}
	err = flock(file, syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EBADF) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		file.Close()
		return lockFile(filepath.Join(directory, datadir.WorkName))
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return func() { file.Close() }, nil
}

func lockFile(folder string) (func(), error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := flock(file, syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return nil, err
	}
	return func() { file.Close() }, nil
}

func flock(file *os.File, how int) error {
	for {
		err := syscall.Flock(int(file.Fd()), how)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return errBusy
		default:
			return err
		}
	}
}

// probe asks for both kinds of lock that etcd takes: flock on the database, and a record lock on the log.
func probe(path string) error {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	if err := flock(file, syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EBADF) || errors.Is(err, syscall.ENOTSUP) {
			return nil
		}
		return err
	}
	return recordLock(file)
}
