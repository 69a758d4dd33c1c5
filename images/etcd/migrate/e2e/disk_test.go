//go:build etcd

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// TestFullDisk runs on small file systems of its own, with less and less room left. Every run completes, or stops with all data in place;
// once there is room, the next run completes. MIGRATE_DISK_TRIALS is the number of sizes for each way.
func TestFullDisk(t *testing.T) {
	skipInShort(t)
	if os.Geteuid() != 0 {
		t.Fatal("this test mounts file systems, which needs root")
	}
	trials := 5
	if n, err := strconv.Atoi(os.Getenv("MIGRATE_DISK_TRIALS")); err == nil {
		trials = n
	}
	table := "way                    sizes  completed  stopped  completed after  losses\n"
	for _, w := range ways() {
		table += w.fillDisk(t, trials)
	}
	t.Log("\n" + table)
}

func (w way) fillDisk(t *testing.T, trials int) string {
	s := newSetup(t, w.versions...)
	template, before := w.template(t, s)
	mount := t.TempDir()
	completed, stopped, after, losses := 0, 0, 0, 0
	for i := 0; i < trials; i++ {
		if err := syscall.Mount("tmpfs", mount, "tmpfs", 0, "size=300m"); err != nil {
			t.Fatal(err)
		}
		s.dir = filepath.Join(mount, "data")
		copyDir(t, template, s.dir)
		ballast := filepath.Join(mount, "ballast")
		leave(t, mount, ballast, 220<<20*int64(i)/int64(trials))
		output, err := s.command(w.to).CombinedOutput()
		if err == nil {
			completed++
		} else {
			stopped++
			if _, err := os.Stat(filepath.Join(s.dir, "member", "snap", "db")); err != nil {
				t.Errorf("no database in place: %v\n%s", err, output)
			}
		}
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		if output, again := s.command(w.to).CombinedOutput(); again != nil {
			t.Errorf("with room again: %v\n%s", again, output)
		} else if err != nil {
			after++
		}
		etcd := s.start(t, w.to)
		if etcd.content() != before {
			losses++
			t.Error("data lost")
		}
		etcd.stop()
		if err := syscall.Unmount(mount, syscall.MNT_DETACH); err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf("%-22s %5d  %9d  %7d  %15d  %6d\n", w.name, trials, completed, stopped, after, losses)
}

// leave fills a file system until only so many bytes are left.
func leave(t *testing.T, mount, ballast string, bytes int64) {
	t.Helper()
	var stat syscall.Statfs_t
	if err := syscall.Statfs(mount, &stat); err != nil {
		t.Fatal(err)
	}
	size := int64(stat.Bavail)*stat.Bsize - bytes
	if output, err := exec.Command("fallocate", "-l", fmt.Sprint(size), ballast).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
}
