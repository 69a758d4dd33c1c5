package wal_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/wal"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/waltest"
)

// logOf makes a log with some entries.
func logOf(t *testing.T, entries ...string) (string, *waltest.Log) {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "wal")
	log, err := waltest.Create(folder, 7, 8)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if err := log.Append([]byte(entry)); err != nil {
			t.Fatal(err)
		}
	}
	return folder, log
}

func read(folder string, after uint64) (wal.Log, []string, error) {
	var seen []string
	log, err := wal.Read(folder, after, func(e wal.Entry) error {
		seen = append(seen, string(e.Data))
		return nil
	})
	return log, seen, err
}

func TestReadBeginsBehindAnIndex(t *testing.T) {
	folder, _ := logOf(t, "a", "b", "c")
	for after, want := range map[uint64]int{0: 3, 1: 2, 2: 1, 3: 0, 9: 0} {
		log, seen, err := read(folder, after)
		if err != nil || len(seen) != want || log.NodeID != 7 || log.ClusterID != 8 || log.LastIndex != 3 || log.Commit != 3 {
			t.Errorf("after %d: %+v, %q, %v", after, log, seen, err)
		}
		if want > 0 && log.FirstEntry != after+1 {
			t.Errorf("after %d the first entry is %d", after, log.FirstEntry)
		}
	}
}

// TestDamageInTheLog has one case for each way in which a file can be cut or changed: the end of the last file may be torn, nothing else.
func TestDamageInTheLog(t *testing.T) {
	for name, c := range map[string]struct {
		change func(content []byte) []byte
		seen   int
		more   bool // another file follows
		want   error
	}{
		"whole":                    {func(c []byte) []byte { return c }, 3, false, nil},
		"no room behind":           {func(c []byte) []byte { return c[:len(c)-64] }, 3, false, nil},
		"cut in the last record":   {func(c []byte) []byte { return c[:len(c)-64-8] }, 3, false, nil},
		"cut in a header":          {func(c []byte) []byte { return c[:4] }, 0, false, nil},
		"empty":                    {func([]byte) []byte { return nil }, 0, false, nil},
		"a length beyond the file": {func(c []byte) []byte { return append(c[:len(c)-64:len(c)-64], 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0) }, 3, false, nil},
		"a changed byte":           {func(c []byte) []byte { c[len(c)-64-12] ^= 1; return c }, 3, false, nil},
		"cut, and not the last":    {func(c []byte) []byte { return c[:len(c)-64-8] }, 3, true, wal.ErrMalformed},
	} {
		folder, _ := logOf(t, "a", "b", "c")
		path := filepath.Join(folder, waltest.FileName)
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, c.change(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if c.more {
			if err := os.WriteFile(filepath.Join(folder, "0000000000000001-0000000000000009.wal"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, seen, err := read(folder, 0); len(seen) != c.seen || !errors.Is(err, c.want) {
			t.Errorf("%s: %q, %v", name, seen, err)
		}
	}
	if _, _, err := read(t.TempDir(), 0); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder without a log: %v", err)
	}
}

func TestTheErrorOfAVisitEndsTheReading(t *testing.T) {
	folder, _ := logOf(t, "a", "b")
	stop := errors.New("stop")
	if _, err := wal.Read(folder, 0, func(wal.Entry) error { return stop }); !errors.Is(err, stop) || wal.IsDamage(err) {
		t.Error(err)
	}
}

// TestNewestSnapshotIsTheNewestThatMayBeUsed: by what the log names, and by its checksum.
func TestNewestSnapshotIsTheNewestThatMayBeUsed(t *testing.T) {
	folder, log := logOf(t, "a")
	snap := t.TempDir()
	write := func(store string) {
		t.Helper()
		if err := log.WriteSnapshot(snap, store, 1, 2); err != nil {
			t.Fatal(err)
		}
	}
	write("first")
	if err := log.Name(); err != nil {
		t.Fatal(err)
	}
	if err := log.Append([]byte("b")); err != nil {
		t.Fatal(err)
	}
	write("second")
	whole, _, err := read(folder, 0)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		acceptable func(wal.Position) bool
		want       string
	}{"any": {wal.Any, "second"}, "one that the log names": {whole.Names, "first"}} {
		s, problems, err := wal.NewestSnapshot(snap, c.acceptable)
		if err != nil || len(problems) > 0 || s == nil || string(s.Store) != c.want || len(s.Voters) != 2 {
			t.Errorf("%s: %+v, %v, %v", name, s, problems, err)
		}
	}
	newest := filepath.Join(snap, "0000000000000002-0000000000000002.snap")
	content, err := os.ReadFile(newest)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)-1] ^= 1
	if err := os.WriteFile(newest, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, problems, err := wal.NewestSnapshot(snap, wal.Any); err != nil || len(problems) != 1 || string(s.Store) != "first" {
		t.Errorf("%+v, %v, %v", s, problems, err)
	}
	if s, problems, err := wal.NewestSnapshot(filepath.Join(snap, "none"), wal.Any); s != nil || problems != nil || err != nil {
		t.Errorf("%+v, %v, %v", s, problems, err)
	}
}
