package durable

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestWhatCannotBeReplaced: a read-only file and a program that runs, as this test does.
func TestWhatCannotBeReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "etcd.exe")
	if err := os.WriteFile(path, nil, 0o444); err != nil {
		t.Fatal(err)
	}
	running, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for path, reason := range map[string]string{path: "read-only", running: "running"} {
		if err := Replaceable(path); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestReplacedFileCanBeReplacedAgain, also by one that is read-only.
func TestReplacedFileCanBeReplacedAgain(t *testing.T) {
	folder := t.TempDir()
	source, path := filepath.Join(folder, "etcd-3.5.33.exe"), filepath.Join(folder, "etcd.exe")
	if err := os.WriteFile(source, []byte("new"), 0o444); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < 2; i++ {
		if err := Replaceable(path); err != nil {
			t.Fatal(err)
		}
		if err := ReplaceFile(source, path); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFileInUse: a file that another handle has for itself.
func TestFileInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		t.Fatal(err)
	}
	holder, err := syscall.CreateFile(name, syscall.GENERIC_READ, 0, nil, syscall.OPEN_EXISTING, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.CloseHandle(holder)
	if _, err := os.ReadFile(path); !InUse(err) {
		t.Errorf("reading it: %v", err)
	}
	if err := Replaceable(path); err == nil || !strings.Contains(err.Error(), "open") {
		t.Errorf("replacing it: %v", err)
	}
}
