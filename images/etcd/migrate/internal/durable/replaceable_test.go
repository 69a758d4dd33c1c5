package durable

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestWindowsErrors has one case for each answer that Windows gives, wrapped as the packages wrap it.
func TestWindowsErrors(t *testing.T) {
	for code, want := range map[syscall.Errno]struct {
		reason string
		inUse  bool
	}{
		5: {"read-only", false}, 19: {"write-protected", false}, 32: {"running", true}, 33: {"running", true}, 87: {"path", false},
	} {
		err := fmt.Errorf("log: %w", &fs.PathError{Op: "read", Path: "path", Err: code})
		if reason := windowsReason(err); !strings.Contains(reason, want.reason) {
			t.Errorf("%d: %q does not say %q", code, reason, want.reason)
		}
		if isWindowsInUse(err) != want.inUse {
			t.Errorf("%d: in use is %v", code, !want.inUse)
		}
	}
}

// TestReplaceableChangesNothing, whether there is a file or not; a folder that is not there is not writable.
func TestReplaceableChangesNothing(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "etcd")
	if err := Replaceable(path); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Replaceable(path); err != nil {
		t.Error(err)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "old" {
		t.Errorf("%q, %v", content, err)
	}
	if names, err := os.ReadDir(folder); err != nil || len(names) != 1 {
		t.Errorf("%v, %v", names, err)
	}
	if err := Replaceable(filepath.Join(folder, "none", "etcd")); err == nil || !strings.Contains(err.Error(), folderNotWritable) {
		t.Errorf("a folder that is not there: %v", err)
	}
}
