package datadir

import (
	"path/filepath"
	"testing"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/waltest"
)

// TestRecordedFacts reads what real etcd wrote in the cases that matter to 3.6 and 3.7.
func TestRecordedFacts(t *testing.T) {
	type replay struct {
		line, first       string
		keys              bool
		requests, records int
		snapshot, ahead   bool
	}
	for name, want := range map[string]replay{
		"2.3.8":                   {"2.3", "2.3", true, 29, 2, false, false},
		"2.3.8-raft-snapshots":    {"2.3", "2.3", true, 3, 0, true, true},
		"3.3.27-quorum-reads":     {"3.3", "3.3", false, 4, 2, false, false},
		"3.5.33-no-raft-snapshot": {"3.5", "3.5", false, 0, 2, false, false},
		"3.6.14":                  {"3.6", "3.6", false, 0, 0, false, false},
		"3.7.1":                   {"3.7", "3.7", false, 0, 0, false, false},
	} {
		dir := t.TempDir()
		if err := waltest.Unpack(filepath.Join("testdata", "recorded", name+".tar.gz"), dir); err != nil {
			t.Fatal(err)
		}
		f := inspect(t, dir).Facts
		line, _ := f.Line()
		got := replay{line.String(), f.FirstVersion.String(), f.V2Keys, f.V2Requests, f.V2Records, f.HasSnapshot, f.SnapshotAhead}
		if got != want || len(f.Problems) > 0 {
			t.Errorf("%s: %+v, not %+v; %v", name, got, want, f.Problems)
		}
		if self, known := f.Self(); !known || self.Name != "etcd-h" {
			t.Errorf("%s: %+v", name, f.Members)
		}
	}
}

// TestLine: the storage version, the cluster version in the database and that in the log move at different times.
func TestLine(t *testing.T) {
	for _, c := range []struct {
		storage, database, log, want string
		certain                      bool
	}{
		{"", "", "3.5", "3.5", true}, {"", "3.6", "3.5", "3.5", true}, {"", "3.6", "", "3.6", false}, {"", "3.5", "3.6", "3.6", true},
		{"3.6", "3.6", "", "3.6", true}, {"3.6", "3.7", "", "3.7", true}, {"3.6", "3.6", "3.7", "3.7", true}, {"3.7", "3.6", "3.6", "3.7", true}, {"3.6", "3.6", "3.6", "3.6", true},
	} {
		parse := func(text string) version.Line { line, _ := version.ParseLine(text); return line }
		f := Facts{StorageVersion: parse(c.storage), DatabaseVersion: parse(c.database), Log: Log{LogVersion: parse(c.log)}}
		if line, certain := f.Line(); line.String() != c.want || certain != c.certain {
			t.Errorf("%+v: %s, %t", c, line, certain)
		}
	}
}

// logOf makes a data directory whose log holds some entries.
func logOf(t testing.TB, entries ...[]byte) (string, *waltest.Log) {
	t.Helper()
	dir := t.TempDir()
	log, err := waltest.Create(filepath.Join(dir, "member", "wal"), 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if err := log.Append(entry); err != nil {
			t.Fatal(err)
		}
	}
	return dir, log
}

// TestEveryV2RequestIsSeen: of v2 requests 3.6 knows two, which etcd itself writes, and 3.7 none.
func TestEveryV2RequestIsSeen(t *testing.T) {
	for _, c := range []struct {
		method, path      string
		requests, records int
		keys, write       bool
	}{
		{"PUT", "/0/members/8e9e05c52164694d/attributes", 0, 1, false, false},
		{"PUT", "/0/version", 0, 1, false, false},
		{"PUT", "/0/members/8e9e05c52164694d/raftAttributes", 1, 0, false, false},
		{"PUT", "/0/members/attributes", 1, 0, false, false},
		{"PUT", "/0/members/xyz/attributes", 1, 0, false, false},
		{"POST", "/0/version", 1, 0, false, false},
		{"DELETE", "/0/members/8e9e05c52164694d", 1, 0, false, false},
		{"QGET", "", 1, 0, false, false},
		{"QGET", "/1/x", 1, 0, false, false},
		{"GET", "/1/x", 1, 0, false, false},
		{"SYNC", "", 1, 0, false, false},
		{"PUT", "/1/x", 1, 0, true, true},
		{"POST", "/1/x", 1, 0, true, true},
		{"DELETE", "/1/x", 1, 0, false, true},
		{"PUT", "/2/users/root", 1, 0, false, false},
	} {
		for form, request := range map[string]func(method, path, value string) []byte{"as such": waltest.V2, "inside": waltest.V2Inside} {
			dir, _ := logOf(t, request(c.method, c.path, "3.4.0"))
			f := ReadLog(Paths{Data: dir})
			if f.V2Requests != c.requests || f.V2Records != c.records || f.V2Keys != c.keys || (f.LastWrite != 0) != c.write || len(f.Problems) > 0 {
				t.Errorf("%s %s %s: %+v", c.method, c.path, form, f)
			}
			if c.requests > 0 && f.V2First != (V2Request{1, c.method, c.path}) {
				t.Errorf("%s %s %s: %s", c.method, c.path, form, f.V2First)
			}
		}
	}
}

// TestV2KeysAreFollowed: a key counts from when it may be there until it is surely deleted.
func TestV2KeysAreFollowed(t *testing.T) {
	remove := func(path string, more ...byte) []byte { return append(waltest.V2("DELETE", path, ""), more...) }
	recursive, conditional := waltest.Number(12, 1), waltest.Bytes(6, []byte("old"))
	put := func(path string) []byte { return waltest.V2("PUT", path, "x") }
	for name, c := range map[string]struct {
		entries [][]byte
		want    bool
	}{
		"put":                               {[][]byte{put("/1/a")}, true},
		"put and deleted":                   {[][]byte{put("/1/a"), remove("/1/a")}, false},
		"put, deleted and put":              {[][]byte{put("/1/a"), remove("/1/a"), put("/1/a")}, true},
		"another one deleted":               {[][]byte{put("/1/a"), remove("/1/b")}, true},
		"deleted on a condition":            {[][]byte{put("/1/a"), remove("/1/a", conditional...)}, true},
		"its folder deleted":                {[][]byte{put("/1/f/a"), put("/1/f/b"), remove("/1/f", recursive...)}, false},
		"its folder deleted if it is empty": {[][]byte{put("/1/f/a"), remove("/1/f")}, true},
		"a folder with a longer name":       {[][]byte{put("/1/fg/a"), remove("/1/f", recursive...)}, true},
		"never put":                         {[][]byte{remove("/1/a")}, false},
	} {
		dir, _ := logOf(t, c.entries...)
		if f := ReadLog(Paths{Data: dir}); f.V2Keys != c.want || f.V2Requests != len(c.entries) {
			t.Errorf("%s: %t, %d", name, f.V2Keys, f.V2Requests)
		}
	}
	for store, want := range map[string]bool{
		`{"Root":{"Children":{"0":{"Children":{"members":{"Children":{"1":{}}}}},"1":{}}}}`:              false,
		`{"Root":{"Children":{"1":{"Children":{"a":{"Value":"x"}}}}}}`:                                   true,
		`{"Root":{"Children":{"1":{"Children":{"empty":{"Children":{}}}}}}}`:                             true,
		`{"Root":{"Children":{"2":{"Children":{"enabled":{"Value":"false"},"users":{"Children":{}}}}}}}`: false,
		`{"Root":{"Children":{"2":{"Children":{"users":{"Children":{"root":{}}}}}}}}`:                    true,
		`{"Root":{"Children":{"3":{"Children":{"a":{}}}}}}`:                                              true,
		`{"Root":{"Children":{"1":null}}}`:                                                               false,
	} {
		r := &logReader{members: membership{}}
		r.readStore([]byte(store))
		if r.v2keys.any() != want || len(r.problems) > 0 {
			t.Errorf("%s: %t, %q", store, r.v2keys.any(), r.problems)
		}
	}
}

// TestSnapshotCoversTheLog: what is before the raft snapshot does not count, if etcd would begin at it.
func TestSnapshotCoversTheLog(t *testing.T) {
	const store = `{"Root":{"Children":{"0":{"Children":{"version":{"Value":"3.5.0"}}}}}}`
	for name, c := range map[string]struct {
		finish   func(*waltest.Log) error
		requests int
		first    string
	}{
		"named":         {func(l *waltest.Log) error { return l.Name() }, 0, "3.5"},
		"not named":     {func(l *waltest.Log) error { return nil }, 2, "2.3"},
		"not committed": {func(l *waltest.Log) error { _ = l.Name(); return l.Commit(l.Index - 1) }, 2, "2.3"},
	} {
		dir, log := logOf(t, waltest.V2("PUT", "/0/version", "2.3.0"), waltest.V2("QGET", "", ""), waltest.V2("PUT", "/0/version", "3.5.0"), waltest.V2("SYNC", "", ""))
		snap := filepath.Join(dir, "member", "snap")
		if err := mkdir(snap); err != nil {
			t.Fatal(err)
		}
		if err := log.WriteSnapshot(snap, store, 1); err != nil {
			t.Fatal(err)
		}
		if err := c.finish(log); err != nil {
			t.Fatal(err)
		}
		f := ReadLog(Paths{Data: dir})
		if f.V2Requests != c.requests || f.FirstVersion.String() != c.first || f.LogVersion != (version.Line{Major: 3, Minor: 5}) {
			t.Errorf("%s: %+v", name, f.Log)
		}
	}
}

// TestWrittenSince tells users' writes from what etcd and migrate add to a log.
func TestWrittenSince(t *testing.T) {
	for name, c := range map[string]struct {
		entry []byte
		want  bool
	}{
		"a key":                      {waltest.Put("a", "b"), true},
		"a v2 key":                   {waltest.V2("PUT", "/1/a", "b"), true},
		"a compaction":               {waltest.Compaction(5), true},
		"one that cannot be applied": {waltest.Compaction(1<<63 - 1), false},
		"a quorum read":              {waltest.V2("QGET", "", ""), false},
		"a version":                  {waltest.ClusterVersion("3.6.0"), false},
		"an election":                {nil, false},
	} {
		dir, log := logOf(t, waltest.Put("x", "y"), c.entry)
		if got := WrittenSince(Paths{Data: dir}, 1); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
		if WrittenSince(Paths{Data: dir}, log.Index) || !WrittenSince(Paths{Data: dir}, 0) || !WrittenSince(Paths{Data: dir}, 99) {
			t.Errorf("%s: the ends of the log are not seen", name)
		}
	}
}
