//go:build unix

package lock

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/waltest"
)

// TestLiveEtcdIsNoticed by its lock on either of the files that it locks; a record lock too, which etcd takes on the log.
func TestLiveEtcdIsNoticed(t *testing.T) {
	for name, hold := range map[string]func(database, log string) (*os.File, error){
		"the database": func(database, _ string) (*os.File, error) {
			file, err := os.Open(database)
			if err == nil {
				err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
			}
			return file, err
		},
		"the log": func(_, log string) (*os.File, error) {
			file, err := os.OpenFile(log, os.O_RDWR, 0)
			if err == nil {
				const setOpenFileLock = 37 // F_OFD_SETLK, as etcd locks on Linux
				lock := syscall.Flock_t{Type: syscall.F_WRLCK}
				if syscall.FcntlFlock(file.Fd(), setOpenFileLock, &lock) != nil {
					err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
				}
			}
			return file, err
		},
	} {
		paths := datadir.Paths{Data: t.TempDir()}
		if err := os.MkdirAll(paths.Snap(), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(paths.Database(), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := waltest.Create(paths.Log(), 1, 1); err != nil {
			t.Fatal(err)
		}
		file, err := hold(paths.Database(), filepath.Join(paths.Log(), waltest.FileName))
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckIdle(paths, 0); !errors.Is(err, ErrLive) {
			t.Errorf("%s is locked: %v", name, err)
		}
		file.Close()
		if err := CheckIdle(paths, 0); err != nil {
			t.Errorf("%s is free again: %v", name, err)
		}
	}
}

// TestLockInAFile is for file systems without locks on folders.
func TestLockInAFile(t *testing.T) {
	folder := filepath.Join(t.TempDir(), datadir.WorkName)
	release, err := lockFile(folder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lockFile(folder); !errors.Is(err, errBusy) {
		t.Error(err)
	}
	release()
	if release, err = lockFile(folder); err != nil {
		t.Fatal(err)
	}
	release()
}
