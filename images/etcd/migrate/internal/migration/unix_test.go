//go:build unix

package migration

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/check"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/durable"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/lock"
)

// TestMovesBinaries: the plain names get the target's programs, and another version that shared a file with them keeps it.
func TestMovesBinaries(t *testing.T) {
	b := newBench(t, "3.4.23", "3.4.23", "3.5.16")
	if err := os.Link(filepath.Join(b.bin, "etcd-3.4.23"), filepath.Join(b.bin, "etcd")); err != nil {
		t.Fatal(err)
	}
	b.must("3.5.16")
	for name, want := range map[string]string{"etcd": "etcd-3.5.16", "etcdctl": "etcdctl-3.5.16", "etcd-3.4.23": "etcd-3.4.23"} {
		content, err := os.ReadFile(filepath.Join(b.bin, name))
		if err != nil || !strings.Contains(string(content), "play "+want+" ") {
			t.Errorf("%s: %s, %v", name, content, err)
		}
	}
	if info, err := os.Stat(filepath.Join(b.bin, "etcd")); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("%v, %v", info, err)
	}
}

// TestModes: what is new has the mode that the umask leaves; what was there keeps its mode.
func TestModes(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o022))
	b := newBench(t, "", "3.5.16")
	b.must("3.5.16")
	if dir, err := os.Stat(b.dir); err != nil || dir.Mode().Perm() != 0o755 {
		t.Errorf("%v, %v", dir, err)
	}
	if file, err := os.Stat(filepath.Join(b.dir, "version.txt")); err != nil || file.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v", file, err)
	}
	kept := newBench(t, "3.5.16", "3.4.23", "3.5.16")
	for path, mode := range map[string]os.FileMode{filepath.Join(kept.dir, "member"): 0o750, kept.dir: 0o700} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	kept.must("3.4.23")
	if info, err := os.Stat(filepath.Join(kept.dir, "member")); err != nil || info.Mode().Perm() != 0o750 {
		t.Errorf("%v, %v", info, err)
	}
	if info, err := os.Stat(kept.dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
}

// TestOwner: the data belongs afterwards to whom it belonged before, although root did the work.
func TestOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	for _, way := range [][2]string{{"3.5.16", "3.4.23"}, {"3.3.25", "3.5.16"}} {
		b := newBench(t, way[0], "3.3.25", "3.4.23", "3.5.16")
		if err := durable.GiveTree(b.dir, durable.Owner{UID: 4711, GID: 4712}); err != nil {
			t.Fatal(err)
		}
		b.must(way[1])
		err := filepath.Walk(b.dir, func(path string, info os.FileInfo, err error) error {
			if owner, _ := durable.OwnerOf(path); owner != (durable.Owner{UID: 4711, GID: 4712}) {
				t.Errorf("%s belongs to %+v", path, owner)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// TestProgramOfAnotherVersionIsNotRun: a program that is another version than its name says is not run on the data.
func TestProgramOfAnotherVersionIsNotRun(t *testing.T) {
	b := newBench(t, "3.3.25", "3.3.25", "3.4.23", "3.5.16")
	if err := os.WriteFile(filepath.Join(b.bin, "etcd-3.4.23"), []byte("#!/bin/sh\necho etcd Version: 3.5.21\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := b.run("3.5.16"); !errors.Is(err, ErrStep) || !strings.Contains(err.Error(), "3.5.21") {
		t.Error(err)
	}
	if b.line() != "3.3" {
		t.Error("the data was touched")
	}
}

// TestCheckReportsADirectoryThatOthersMayRead: a directory that others may read is reported for versions that ask for 0700.
func TestCheckReportsADirectoryThatOthersMayRead(t *testing.T) {
	b := newBench(t, "3.5.16", "3.5.16")
	for mode, want := range map[os.FileMode]bool{0o755: true, 0o700: false} {
		if err := os.Chmod(b.dir, mode); err != nil {
			t.Fatal(err)
		}
		in, err := b.migration("3.5.16").Survey(context.Background(), nil)
		if err != nil || strings.Contains(fmt.Sprint(check.Run(in)), "0700") != want {
			t.Errorf("%o: %v", mode, err)
		}
	}
}

// TestDirectoryOfALiveEtcdIsRefused: a directory that a live etcd holds is refused, and so is a second run.
func TestDirectoryOfALiveEtcdIsRefused(t *testing.T) {
	b := newBench(t, "3.4.23", "3.4.23", "3.5.16")
	file, err := os.Open(b.database())
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if err := lock.CheckIdle(datadir.Paths{Data: b.dir}, 0); !errors.Is(err, lock.ErrLive) {
		t.Errorf("a live etcd: %v", err)
	}
	if err := b.run("3.5.16"); !errors.Is(err, lock.ErrLive) || b.versionFile() != "" {
		t.Errorf("a live etcd: %v", err)
	}
	file.Close()
	release, err := lock.Acquire(b.dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Acquire(b.dir, 0); !errors.Is(err, lock.ErrTaken) {
		t.Errorf("a second run: %v", err)
	}
	release()
	b.must("3.5.16")
}

// TestEarlyDeath: an etcd that ends at once is noticed at once, and says why, without the secrets that it was given.
func TestEarlyDeath(t *testing.T) {
	b := newBench(t, "3.3.25", "3.3.25", "3.4.23", "3.5.16")
	script := "#!/bin/sh\ncase $1 in --version) echo etcd Version: 3.4.23;; --help) exit 0;; *) echo bad flag $* >&2; exit 2;; esac\n"
	if err := os.WriteFile(filepath.Join(b.bin, "etcd-3.4.23"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	b.env["ETCD_CREDS"] = "--initial-cluster-token=top-secret-token"
	err := b.run("3.5.16", "--start-timeout=1h")
	if !errors.Is(err, ErrStep) || !strings.Contains(err.Error(), "bad flag") || strings.Contains(err.Error()+b.output.String(), "top-secret") {
		t.Errorf("%v", err)
	}
}
