//go:build etcd

package e2e

import (
	"os"
	"path/filepath"
	"testing"
)

const keys = 10000

// TestUpAndDown goes 3.3, 3.4, 3.5 and back to 3.4 with 10,000 keys, and compares everything at each station.
func TestUpAndDown(t *testing.T) {
	s := newSetup(t, v33, v34, v35)
	s.migrate(t, 0, v33)
	etcd := s.start(t, v33)
	etcd.fill(keys)
	before := etcd.content()
	etcd.stop()
	for _, target := range []string{v34, v35, v34} {
		s.migrate(t, 0, target)
		if got := s.versionFile(t); got != target+"/etcd3" {
			t.Fatalf("version.txt is %s after going to %s", got, target)
		}
		etcd = s.start(t, target)
		same(t, before, etcd.content())
		etcd.stop()
	}
	for _, path := range []string{s.dir + ".bak", s.dir + ".bak.1", s.dir + ".snapshot.db"} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(s.dir + ".migrate"); err == nil {
		t.Error("the work folder is left over")
	}
}

// TestTwoMinorsAtOnce goes from 3.3 to 3.5 in one run, through 3.4.
func TestTwoMinorsAtOnce(t *testing.T) {
	s := newSetup(t, v33, v34, v35)
	s.migrate(t, 0, v33)
	etcd := s.start(t, v33)
	etcd.fill(keys)
	before := etcd.content()
	etcd.stop()
	s.migrate(t, 0, v35)
	etcd = s.start(t, v35)
	same(t, before, etcd.content())
	etcd.stop()
}

// TestOtherPatch: from one 3.5 to another and back is a matter of version.txt alone.
func TestOtherPatch(t *testing.T) {
	if v35 == v35b {
		t.Skip("ETCD_BINARIES holds fewer than two patches of 3.5")
	}
	s := newSetup(t, v34, v35, v35b)
	s.migrate(t, 0, v35)
	etcd := s.start(t, v35)
	etcd.fill(100)
	before := etcd.content()
	etcd.stop()
	for _, target := range []string{v35b, v35} {
		s.migrate(t, 0, target)
		etcd = s.start(t, target)
		same(t, before, etcd.content())
		etcd.stop()
	}
	if _, err := os.Stat(s.dir + ".bak"); err == nil {
		t.Error("a patch needs no backup")
	}
	if _, err := os.Stat(filepath.Join(s.dir, "version.txt")); err != nil {
		t.Error(err)
	}
}
