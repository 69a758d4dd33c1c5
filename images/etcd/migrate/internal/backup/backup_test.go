package backup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/durable"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/waltest"
)

var v35 = version.Line{Major: 3, Minor: 5}

// place is a data directory with a log, and where its backups go.
func place(t *testing.T) (datadir.Paths, Policy) {
	t.Helper()
	folder := t.TempDir()
	paths := datadir.Paths{Data: filepath.Join(folder, "data")}
	if err := waltest.Unpack(filepath.Join("..", "datadir", "testdata", "recorded", "3.5.33-no-raft-snapshot.tar.gz"), paths.Data); err != nil {
		t.Fatal(err)
	}
	return paths, Policy{Base: paths.Data + ".bak", Keep: 2}
}

func facts(t *testing.T, paths datadir.Paths) *datadir.Facts {
	t.Helper()
	f, err := datadir.Read(paths)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (p Policy) must(t *testing.T, paths datadir.Paths) {
	t.Helper()
	if err := p.Make(paths, facts(t, paths), "3.5.33/etcd3", time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
}

func add(t *testing.T, paths datadir.Paths, entry []byte) {
	t.Helper()
	log, err := waltest.Open(paths.Log())
	if err == nil {
		err = log.Append(entry)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestCurrent: a backup stands for the data only as long as nobody has written to it, and it is whole.
func TestCurrent(t *testing.T) {
	for name, c := range map[string]struct {
		change   func(t *testing.T, paths datadir.Paths, p Policy)
		line     version.Line
		anyMinor bool
		want     bool
	}{
		"nothing happened":                   {func(*testing.T, datadir.Paths, Policy) {}, v35, false, true},
		"another minor":                      {func(*testing.T, datadir.Paths, Policy) {}, version.Line{Major: 3, Minor: 6}, false, false},
		"another minor, by the same run":     {func(*testing.T, datadir.Paths, Policy) {}, version.Line{Major: 3, Minor: 6}, true, true},
		"an etcd started":                    {func(t *testing.T, paths datadir.Paths, _ Policy) { add(t, paths, waltest.ClusterVersion("3.6.0")) }, v35, false, true},
		"migrate made the log move":          {func(t *testing.T, paths datadir.Paths, _ Policy) { add(t, paths, waltest.Compaction(1<<63-1)) }, v35, false, true},
		"a key was written":                  {func(t *testing.T, paths datadir.Paths, _ Policy) { add(t, paths, waltest.Put("a", "b")) }, v35, true, false},
		"a file of the backup is gone":       {func(t *testing.T, _ datadir.Paths, p Policy) { remove(t, p.Base, "member", "snap", "db") }, v35, true, false},
		"a file of the backup was cut":       {func(t *testing.T, _ datadir.Paths, p Policy) { cut(t, p.Base, "member", "snap", "db") }, v35, true, false},
		"the backup does not say what it is": {func(t *testing.T, _ datadir.Paths, p Policy) { remove(t, p.Base, infoName) }, v35, true, false},
		"there is no backup":                 {func(t *testing.T, _ datadir.Paths, p Policy) { remove(t, p.Base) }, v35, true, false},
		"the data is damaged":                {func(t *testing.T, paths datadir.Paths, _ Policy) { cut(t, paths.Database()) }, v35, true, false},
		"it is of another member": {func(t *testing.T, paths datadir.Paths, _ Policy) {
			remove(t, paths.Log())
			if _, err := waltest.Create(paths.Log(), 5, 6); err != nil {
				t.Fatal(err)
			}
		}, v35, true, false},
	} {
		paths, p := place(t)
		p.must(t, paths)
		c.change(t, paths, p)
		if got := p.Current(paths, facts(t, paths), c.line, c.anyMinor); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func remove(t *testing.T, parts ...string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(parts...)); err != nil {
		t.Fatal(err)
	}
}

func cut(t *testing.T, parts ...string) {
	t.Helper()
	if err := os.Truncate(filepath.Join(parts...), 100); err != nil {
		t.Fatal(err)
	}
}

// TestRotation: the newest has the plain name, older ones a number, and a gap is filled before one is lost.
func TestRotation(t *testing.T) {
	for before, want := range map[string]string{
		"": "new", "0": "new,0", "0,1": "new,0", "1": "new,1", "0,1,2,3": "new,0",
	} {
		folder := t.TempDir()
		p := Policy{Base: filepath.Join(folder, "bak"), Keep: 2}
		make := func(path, content string) {
			if err := os.MkdirAll(path, 0o700); err == nil {
				err = os.WriteFile(filepath.Join(path, "content"), []byte(content), 0o600)
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, age := range strings.Split(before, ",") {
			var n int
			if _, err := fmt.Sscan(age, &n); err == nil {
				make(p.path(n), age)
			}
		}
		finished := filepath.Join(folder, "finished")
		make(finished, "new")
		if err := p.Adopt(finished); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, path := range p.Found() {
			content, _ := os.ReadFile(filepath.Join(path, "content"))
			got = append(got, string(content))
		}
		if strings.Join(got, ",") != want {
			t.Errorf("%q became %q, not %q", before, got, want)
		}
	}
}

// TestBackupIsADataDirectory: what comes back is what was there, also where the log was elsewhere.
func TestBackupIsADataDirectory(t *testing.T) {
	paths, p := place(t)
	separate := datadir.Paths{Data: paths.Data, WAL: paths.Data + "-log"}
	if err := os.Rename(paths.Log(), separate.WAL); err != nil {
		t.Fatal(err)
	}
	want := facts(t, separate)
	p.must(t, separate)
	got := facts(t, datadir.Paths{Data: p.Base})
	if got.Revision != want.Revision || got.LastIndex != want.LastIndex || got.LogVersion != want.LogVersion || len(got.Problems) > 0 {
		t.Errorf("%+v, not %+v", got, want)
	}
	if durable.Exists(p.Base+".partial") || len(p.Found()) != 1 {
		t.Errorf("%q", p.Found())
	}
	if err := datadir.SameData(paths.Database(), datadir.Paths{Data: p.Base}.Database()); err != nil {
		t.Error(err)
	}
}

// TestFailedBackupLeavesTheOldOne: and nothing half made.
func TestFailedBackupLeavesTheOldOne(t *testing.T) {
	paths, p := place(t)
	p.must(t, paths)
	wrong := *facts(t, paths)
	wrong.Revision += 5 // as if the data had changed while it was copied
	if err := p.Make(paths, &wrong, "3.5.33/etcd3", time.Unix(2, 0)); err == nil {
		t.Error("a backup that reads otherwise passes")
	}
	if got := p.Found(); len(got) != 1 || durable.Exists(p.Base+".partial") {
		t.Errorf("%q", got)
	}
	remove(t, paths.Member())
	if err := p.Make(paths, &datadir.Facts{}, "3.5.33/etcd3", time.Unix(3, 0)); err == nil || errors.Is(err, ErrNoSpace) {
		t.Errorf("data that is not there: %v", err)
	}
}
