package datadir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/durable"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/wal"
)

// copyRecorded copies a recorded data directory, whose log was cut after its last record.
func copyRecorded(t testing.TB, v string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "data")
	from := filepath.Join("testdata", "etcd-"+v)
	err := filepath.WalkDir(from, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, _ := filepath.Rel(from, path)
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(to, relative), 0o700)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, relative), content, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func mkdir(path string) error { return os.MkdirAll(path, 0o700) }

func inspect(t testing.TB, dir string) *State {
	t.Helper()
	state, err := Inspect(Paths{Data: dir})
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// TestFacts reads what real etcd of three minors wrote.
func TestFacts(t *testing.T) {
	for v, want := range map[string]string{"3.3.25": "3.3", "3.4.23": "3.4", "3.5.16": "3.5"} {
		f := inspect(t, copyRecorded(t, v)).Facts
		line, certain := f.Line()
		if line.String() != want || !certain {
			t.Errorf("%s: the data is of %s, %t", v, line, certain)
		}
		if f.Revision != 5 || f.AuthEnabled || f.V2Keys || len(f.Problems) != 0 || len(f.Leftover) != 0 {
			t.Errorf("%s: %+v", v, f)
		}
		if self, ok := f.Self(); !ok || self.Name != "m" || len(self.PeerURLs) != 1 || f.Voters() != 1 {
			t.Errorf("%s: %+v", v, f.Members)
		}
		paths := Paths{Data: copyRecorded(t, v)}
		if f.LastWrite == 0 || !WrittenSince(paths, f.LastWrite-1) || WrittenSince(paths, f.LastIndex) {
			t.Errorf("%s: last write %d of %d", v, f.LastWrite, f.LastIndex)
		}
	}
}

// TestVersionFile has one case for each state of a data directory.
func TestVersionFile(t *testing.T) {
	const unknown = "unknown"
	for _, c := range []struct {
		name, recorded string // recorded: whose data; empty for none
		files          map[string]string
		content        Content
		current        string
	}{
		{"does not exist", "", nil, Absent, unknown},
		{"no entries", "", map[string]string{}, Empty, unknown},
		{"a fresh file system", "", map[string]string{"lost+found/": ""}, Empty, unknown},
		{"only version.txt", "", map[string]string{"version.txt": "3.4.3/etcd3"}, Blank, "3.4.3/etcd3"},
		{"only version.txt-next", "", map[string]string{"version.txt-next": "3.4.3/etcd3"}, Empty, unknown},
		{"something else, no version.txt", "", map[string]string{"notes": "x"}, Foreign, unknown},
		{"data, no version.txt", "3.4.23", map[string]string{}, Data, "3.4/etcd3"},
		{"empty", "3.4.23", map[string]string{"version.txt": ""}, Data, "3.4/etcd3"},
		{"white space", "3.5.16", map[string]string{"version.txt": " \n\t"}, Data, "3.5/etcd3"},
		{"no slash", "3.3.25", map[string]string{"version.txt": "3.3.25"}, Data, "3.3/etcd3"},
		{"two slashes", "3.4.23", map[string]string{"version.txt": "3.4.23/etcd3/"}, Data, "3.4/etcd3"},
		{"3.4", "3.4.23", map[string]string{"version.txt": "3.4/etcd3"}, Data, "3.4/etcd3"},
		{"v3.4.0", "3.4.23", map[string]string{"version.txt": "v3.4.0/etcd3"}, Data, "3.4/etcd3"},
		{"3.4.0.1", "3.4.23", map[string]string{"version.txt": "3.4.0.1/etcd3"}, Data, "3.4/etcd3"},
		{"etcd4", "3.4.23", map[string]string{"version.txt": "3.4.0/etcd4"}, Data, "3.4/etcd3"},
		{"binary rubbish", "3.4.23", map[string]string{"version.txt": "\x00\xff\x00"}, Data, "3.4/etcd3"},
		{"valid", "3.4.23", map[string]string{"version.txt": "3.4.3/etcd3\n"}, Data, "3.4.3/etcd3"},
		{"valid, with -next", "3.4.23", map[string]string{"version.txt": "3.4.3/etcd3", "version.txt-next": "3"}, Data, "3.4.3/etcd3"},
		{"prepared for the next", "3.4.23", map[string]string{"version.txt": "3.5.16/etcd3"}, Data, "3.4/etcd3"},
		{"run by a newer one", "3.5.16", map[string]string{"version.txt": "3.4.3/etcd3"}, Data, "3.5/etcd3"},
		{"empty, and no data", "", map[string]string{"version.txt": ""}, Blank, unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			if c.recorded != "" {
				dir = copyRecorded(t, c.recorded)
			}
			for name, content := range c.files {
				_ = os.MkdirAll(filepath.Join(dir, filepath.Dir(name+"x")), 0o700)
				if name[len(name)-1] != '/' {
					if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			if c.files != nil {
				_ = os.MkdirAll(dir, 0o700)
			}
			state := inspect(t, dir)
			if state.Content != c.content {
				t.Errorf("content %d, not %d", state.Content, c.content)
			}
			pair, _, err := state.Current()
			if c.current == unknown {
				if !errors.Is(err, ErrUnknownVersion) {
					t.Errorf("%s, %v", pair, err)
				}
			} else if err != nil || pair.String() != c.current {
				t.Errorf("%s, %v", pair, err)
			}
		})
	}
}

// TestVersionFileUnreadable: what cannot be read is an error, not a guess.
func TestVersionFileUnreadable(t *testing.T) {
	dir := copyRecorded(t, "3.4.23")
	if err := os.Mkdir(filepath.Join(dir, VersionFile), 0o700); err != nil {
		t.Fatal(err)
	}
	if state, err := Inspect(Paths{Data: dir}); err == nil {
		t.Errorf("%+v", state)
	}
}

// TestDamage: damaged files are problems, and the other file still tells the version.
func TestDamage(t *testing.T) {
	for name, damage := range map[string]func(dir string) error{
		"no log": func(dir string) error { return os.RemoveAll(filepath.Join(dir, "member", "wal")) },
		"empty log": func(dir string) error {
			return os.Truncate(filepath.Join(dir, "member", "wal", "0000000000000000-0000000000000000.wal"), 0)
		},
		"short database": func(dir string) error { return os.Truncate(filepath.Join(dir, "member", "snap", "db"), 9000) },
		"no database":    func(dir string) error { return os.Remove(filepath.Join(dir, "member", "snap", "db")) },
	} {
		dir := copyRecorded(t, "3.4.23")
		if err := damage(dir); err != nil {
			t.Fatal(err)
		}
		state := inspect(t, dir)
		pair, _, err := state.Current()
		if err != nil || pair.Version.Line() != (version.Line{Major: 3, Minor: 4}) {
			t.Errorf("%s: %s, %v", name, pair, err)
		}
	}
}

func TestDigest(t *testing.T) {
	a, b := copyRecorded(t, "3.4.23"), copyRecorded(t, "3.5.16")
	path := func(dir string) string { return Paths{Data: dir}.Database() }
	if err := SameData(path(a), path(a)); err != nil {
		t.Error(err)
	}
	if err := SameData(path(a), path(b)); err == nil {
		t.Error("two databases with different leases pass for the same")
	}
	count := 0
	if err := EachLiveKey(path(a), func(kv KeyValue) error { count++; return nil }); err != nil || count != 4 {
		t.Errorf("%d keys, %v", count, err)
	}
}

func FuzzVersionFile(f *testing.F) {
	for _, seed := range []string{"3.4.3/etcd3", "", "/", "3.4/etcd3\n", "\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		pair, bad := parseVersionFile(content)
		if again, err := version.ParsePair(pair.String()); bad == "" && (err != nil || again != pair) {
			t.Errorf("%q became %s", content, pair)
		}
	})
}

// FuzzDatabase changes a real database at one place, and cuts it.
func FuzzDatabase(f *testing.F) {
	content, err := os.ReadFile("testdata/etcd-3.5.16/member/snap/db")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(4096), []byte{1, 2, 3}, uint32(0))
	f.Add(uint32(8), []byte{0xff, 0xff}, uint32(5000))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, at uint32, change []byte, length uint32) {
		damaged := append([]byte{}, content...)
		copy(damaged[int(at)%len(damaged):], change)
		if length > 0 {
			damaged = damaged[:int(length)%len(damaged)]
		}
		path := filepath.Join(dir, "db")
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		_, _ = ReadDatabase(path)
		_, _ = DigestDatabase(path, Range{})
		_ = EachLiveKey(path, func(KeyValue) error { return nil })
	})
}

// FuzzLog changes a real log at one place, and cuts it.
func FuzzLog(f *testing.F) {
	const name = "0000000000000000-0000000000000000.wal"
	content, err := os.ReadFile(filepath.Join("testdata/etcd-3.5.16/member/wal", name))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(100), []byte{1, 2, 3}, uint32(0))
	f.Add(uint32(0), []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, uint32(0))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, at uint32, change []byte, length uint32) {
		damaged := append([]byte{}, content...)
		copy(damaged[int(at)%len(damaged):], change)
		if length > 0 {
			damaged = damaged[:int(length)%len(damaged)]
		}
		if err := os.WriteFile(filepath.Join(dir, name), damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		r := &logReader{members: membership{}}
		_, _ = wal.Read(dir, 0, func(e wal.Entry) error { r.entry(e); return nil })
		r.entry(wal.Entry{Data: damaged})
		r.entry(wal.Entry{Data: damaged, ConfChange: true})
		r.readStore(damaged)
	})
}

// TestDataInUse: a log that another process keeps from being read, as etcd does on Windows, is no damage; the version is not known for that reason.
func TestDataInUse(t *testing.T) {
	locked := errors.New("another process has locked a portion of the file")
	t.Cleanup(func() { inUse = durable.InUse })
	inUse = func(err error) bool { return errors.Is(err, locked) }

	facts := &Facts{}
	facts.unread("log", fmt.Errorf("read: %w", locked))
	if facts.InUse == "" || len(facts.Problems) != 0 {
		t.Errorf("%+v", facts)
	}
	if _, _, err := (&State{Content: Data, Facts: facts}).Current(); !errors.Is(err, ErrUnknownVersion) || !strings.Contains(err.Error(), "in use") {
		t.Error(err)
	}

	facts = &Facts{}
	facts.unread("log", errors.New("checksum chain broken"))
	if facts.InUse != "" || len(facts.Problems) != 1 {
		t.Errorf("%+v", facts)
	}
}
