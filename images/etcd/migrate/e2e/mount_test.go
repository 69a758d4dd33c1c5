//go:build etcd

package e2e

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestMountPoint: the data directory is a volume of its own. It cannot be renamed, and what lies beside it would not outlive the container, so
// everything is kept inside it.
func TestMountPoint(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("this test mounts file systems, which needs root")
	}
	s := newSetup(t, v33, v34, v35)
	if err := os.Mkdir(s.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", s.dir, "tmpfs", 0, "size=600m,mode=700"); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Unmount(s.dir, syscall.MNT_DETACH) }()
	s.migrate(t, 0, v33)
	etcd := s.start(t, v33)
	etcd.fill(300)
	content := etcd.content()
	etcd.stop()
	for _, target := range []string{v35, v34} {
		s.migrate(t, 0, target)
		s.holds(t, target, content)
	}
	beside, err := os.ReadDir(filepath.Dir(s.dir))
	if err != nil || len(beside) != 1 {
		t.Errorf("beside the volume: %v, %v", beside, err)
	}
	if err := os.RemoveAll(filepath.Join(s.dir, "member")); err != nil {
		t.Fatal(err)
	}
	mustContain(t, s.migrate(t, 2, v34), filepath.Join(".migrate", "bak"))
}

// TestUnprivileged: a user who owns the data can do everything.
func TestUnprivileged(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("this test becomes another user, which needs root")
	}
	s, content := seeded(t, v33, v33, v34, v35)
	for folder := filepath.Dir(filepath.Dir(s.dir)); folder != os.TempDir(); folder = filepath.Dir(folder) {
		_ = os.Chmod(folder, 0o755)
	}
	_ = os.Chmod(filepath.Dir(program), 0o755)
	_ = os.Chmod(filepath.Dir(filepath.Dir(s.bin)), 0o755)
	if err := filepath.Walk(filepath.Dir(s.dir), func(path string, _ os.FileInfo, err error) error { return os.Chown(path, 4711, 4711) }); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{v35, v34} {
		command := s.command(target)
		command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 4711, Gid: 4711}}
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
	}
	s.holds(t, v34, content)
}
