package datadir

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/wal"
)

// TestLogInUse: a log that another process has for itself is no damage, and nothing is wrong once it is free.
func TestLogInUse(t *testing.T) {
	paths := Paths{Data: copyRecorded(t, "3.4.23")}
	name, err := syscall.UTF16PtrFromString(filepath.Clean(wal.Newest(paths.Log())))
	if err != nil {
		t.Fatal(err)
	}
	holder, err := syscall.CreateFile(name, syscall.GENERIC_READ, 0, nil, syscall.OPEN_EXISTING, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		t.Fatal(err)
	}
	state, err := Inspect(paths)
	if err != nil || state.Facts.InUse == "" || len(state.Facts.Problems) != 0 {
		t.Errorf("in use: %+v, %v", state, err)
	}
	syscall.CloseHandle(holder)
	if state, err = Inspect(paths); err != nil || state.Facts.InUse != "" || len(state.Facts.Problems) != 0 {
		t.Errorf("free: %+v, %v", state, err)
	}
}
