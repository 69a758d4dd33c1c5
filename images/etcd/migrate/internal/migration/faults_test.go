//go:build faults

package migration

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/durable"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/plan"
)

// TestFullDiskLeavesTheVersionFileAlone: a disk that is full when version.txt is to be written leaves the old one as it was.
func TestFullDiskLeavesTheVersionFileAlone(t *testing.T) {
	b := newBench(t, "3.4.23", "3.4.23", "3.5.16")
	b.must("3.4.23")
	durable.Fault = func(operation, path string) error {
		if filepath.Base(path) == "version.txt" && operation == "rename" {
			return syscall.ENOSPC
		}
		return nil
	}
	defer func() { durable.Fault = nil }()
	if err := b.run("3.5.16"); !errors.Is(err, syscall.ENOSPC) || b.versionFile() != "3.4.23/etcd3" || b.exists(filepath.Join(b.dir, "version.txt-next")) {
		t.Errorf("%v, %s", err, b.versionFile())
	}
}

// TestFullDiskAtEachWrite makes every change of a file fail, one after the other and from then on, as a full disk does; the next run
// must complete.
func TestFullDiskAtEachWrite(t *testing.T) {
	defer func() { durable.Fault = nil }()
	for _, way := range []struct{ recorded, target string }{{"3.3.25", "3.5.16"}, {"3.5.16", "3.4.23"}} {
		trials, losses := 0, 0
		for n := 1; ; n++ {
			b := newBench(t, way.recorded, "3.3.25", "3.4.23", "3.5.16")
			count := 0
			durable.Fault = func(operation, path string) error {
				if operation == "remove" { // which a full disk lets pass
					return nil
				}
				if count++; count >= n {
					return syscall.ENOSPC
				}
				return nil
			}
			err := b.run(way.target)
			reached := count >= n
			durable.Fault = nil
			if !reached {
				if err != nil {
					t.Fatal(err)
				}
				break
			}
			trials++
			if err == nil {
				t.Errorf("%s: a full disk at write %d goes unnoticed", way.recorded, n)
			}
			if !b.exists(b.database()) {
				t.Errorf("%s: write %d: no database in place", way.recorded, n)
			}
			b.must(way.target)
			if err := datadir.SameData(original(way.recorded), b.database()); err != nil {
				losses++
				t.Errorf("write %d: %v", n, err)
			}
			if b.versionFile() != way.target+"/etcd3" {
				t.Errorf("write %d: %s", n, b.versionFile())
			}
		}
		t.Logf("%s to %s: full disk at each of %d writes, %d losses", way.recorded, way.target, trials, losses)
	}
}

// TestInterruptedSwap meets every state in which a kill can leave a swap that needs two renames.
func TestInterruptedSwap(t *testing.T) {
	if !errors.Is(&failure{plan.Swap, syscall.ENOSPC}, ErrStep) {
		t.Error("a failure is not a failure of a step")
	}
	for name, state := range map[string]func(b *bench, m *Migration) error{
		"not begun": func(b *bench, m *Migration) error { return nil },
		"old one put aside": func(b *bench, m *Migration) error {
			return os.Rename(m.layout.replacements()[0].live, m.layout.replacements()[0].aside)
		},
		"exchanged": func(b *bench, m *Migration) error {
			_, err := durable.Exchange(m.layout.replacements()[0].live, m.layout.replacements()[0].fresh)
			return err
		},
	} {
		b := newBench(t, "3.5.16", "3.4.23", "3.5.16")
		stopAt(t, b, "3.4.23", "swapping")
		m := b.migration("3.4.23")
		if err := state(b, m); err != nil {
			t.Fatal(err)
		}
		b.must("3.4.23")
		b.sameData("3.5.16")
		if b.versionFile() != "3.4.23/etcd3" || b.line() != "3.4" || b.exists(b.dir+".migrate") {
			t.Errorf("%s: %s, data of %s", name, b.versionFile(), b.line())
		}
	}
}

// TestConflict: if an etcd made a new member while the old one was put aside, both are kept, and a person must choose.
func TestConflict(t *testing.T) {
	b := newBench(t, "3.5.16", "3.4.23", "3.5.16")
	stopAt(t, b, "3.4.23", "swapping")
	p := b.migration("3.4.23").layout.replacements()[0]
	if err := os.Rename(p.live, p.aside); err != nil {
		t.Fatal(err)
	}
	b.write("member/snap/db", "new and empty")
	if err := b.run("3.4.23"); !errors.Is(err, ErrConflict) {
		t.Errorf("%v", err)
	}
	if !b.exists(p.aside) || !b.exists(p.fresh) || !b.exists(p.live) {
		t.Error("one of the three is gone")
	}
}

// stopAt runs until the journal has a phase, and stops dead there.
func stopAt(t *testing.T, b *bench, target, phase string) {
	t.Helper()
	armed := false
	durable.Fault = func(operation, path string) error {
		if content, err := os.ReadFile(filepath.Join(b.dir+".migrate", "journal.json")); err == nil && strings.Contains(string(content), `"phase": "`+phase+`"`) {
			armed = true
		}
		if armed {
			return syscall.EIO
		}
		return nil
	}
	defer func() { durable.Fault = nil }()
	if err := b.run(target); err == nil || !armed {
		t.Fatalf("did not stop at %s: %v\n%s", phase, err, b.output.String())
	}
}
