package lock

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/waltest"
)

// TestOneMigrationAtATime: the lock is free again once it is released, and not before.
func TestOneMigrationAtATime(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	if _, err := Acquire(folder, 0); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	release, err := Acquire(folder, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Acquire(folder, 0); !errors.Is(err, ErrTaken) {
		t.Errorf("a second one: %v", err)
	}
	release()
	again, err := Acquire(folder, 0)
	if err != nil {
		t.Fatalf("after the release: %v", err)
	}
	again()
}

// TestIdle has one case for each thing that an etcd may have left; none of them is a running one.
func TestIdle(t *testing.T) {
	for name, prepare := range map[string]func(dir string) error{
		"nothing": func(string) error { return nil },
		"a database": func(dir string) error {
			if err := os.MkdirAll(filepath.Join(dir, "member", "snap"), 0o700); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, "member", "snap", "db"), nil, 0o600)
		},
		"a log": func(dir string) error {
			_, err := waltest.Create(filepath.Join(dir, "member", "wal"), 1, 1)
			return err
		},
	} {
		dir := t.TempDir()
		if err := prepare(dir); err != nil {
			t.Fatal(err)
		}
		if err := CheckIdle(datadir.Paths{Data: dir}, 0); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
