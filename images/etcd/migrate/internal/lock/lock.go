// Package lock keeps two migrations of one data directory apart, and notices an etcd that still holds it.
package lock

import (
	"errors"
	"fmt"
	"time"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/wal"
)

// The two reasons to leave a directory alone.
var (
	ErrTaken = errors.New("another migration is at work on this data directory")
	ErrLive  = errors.New("a running etcd holds this data directory")
)

// errBusy is what a system's lock call says about a lock that somebody else has.
var errBusy = errors.New("busy")

// Patience is how long to wait for a directory to become free: an etcd that was just stopped, or whose migration was
// just killed, needs a moment to let go.
const Patience = 10 * time.Second

// Acquire takes the lock on an existing data directory, until release is called or the process ends.
func Acquire(directory string, patience time.Duration) (release func(), err error) {
	err = retry(patience, func() error {
		release, err = lockDirectory(directory)
		return err
	})
	if errors.Is(err, errBusy) {
		return nil, fmt.Errorf("%w: %s", ErrTaken, directory)
	}
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", directory, err)
	}
	return release, nil
}

// CheckIdle returns ErrLive if an etcd has the database or the log open.
func CheckIdle(paths datadir.Paths, patience time.Duration) error {
	for _, path := range []string{paths.Database(), wal.Newest(paths.Log())} {
		if path == "" {
			continue
		}
		err := retry(patience, func() error { return probe(path) })
		if errors.Is(err, errBusy) {
			return fmt.Errorf("%w: %s is locked; stop that etcd first", ErrLive, path)
		}
		if err != nil {
			return fmt.Errorf("probing the lock of %s: %w", path, err)
		}
	}
	return nil
}

func retry(patience time.Duration, try func() error) error {
	deadline := time.Now().Add(patience)
	for {
		err := try()
		if !errors.Is(err, errBusy) || time.Now().After(deadline) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}
