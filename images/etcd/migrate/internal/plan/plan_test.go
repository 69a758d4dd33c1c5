package plan

import (
	"errors"
	"strings"
	"testing"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

func pair(t *testing.T, text string) version.Pair {
	t.Helper()
	p, err := version.ParsePair(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// input is data of a single member, as version.txt records it, in an image with one patch of every minor.
func input(t *testing.T, from, to string) Input {
	t.Helper()
	bundle, err := version.NewBundle([]string{"2.3.8", "3.0.17", "3.1.20", "3.2.32", "3.3.27", "3.4.45", "3.5.33", "3.6.14", "3.7.1"})
	if err != nil {
		t.Fatal(err)
	}
	current := pair(t, from)
	facts := &datadir.Facts{Present: true, HasDatabase: true, DatabaseVersion: current.Version.Line(), Log: datadir.Log{LogVersion: current.Version.Line()}}
	return Input{
		State:  &datadir.State{Content: datadir.Data, HasFile: true, Record: current, Facts: facts},
		Target: pair(t, to), Bundle: bundle, HasEtcdutl: func(v version.Version) bool { return v.AtLeast(3, 5, 0) },
		Name: "m", InitialCluster: "m=http://a:1", Backup: true,
	}
}

// steps writes a plan as the kinds of its steps, with the minors of those that run an etcd.
func steps(p *Plan) string {
	var words []string
	for _, s := range p.Steps {
		word := string(s.Kind)
		if s.Version != nil {
			word += " " + s.Version.Line().String()
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// TestRoutes has one case for each way.
func TestRoutes(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"3.5.33/etcd3", "3.5.33/etcd3", "record"},
		{"3.5.16/etcd3", "3.5.33/etcd3", "record"},
		{"3.5.33/etcd3", "3.6.14/etcd3", "backup, record"},
		{"3.3.27/etcd3", "3.6.14/etcd3", "backup, start 3.4, record, start 3.5, record, record"},
		{"3.5.33/etcd3", "3.7.1/etcd3", "backup, start 3.6, record, record"},
		{"3.5.33/etcd3", "3.4.45/etcd3", "backup, snapshot 3.5, restore 3.4, try 3.4, swap, record"},
		{"3.6.14/etcd3", "3.5.33/etcd3", "backup, snapshot 3.6, restore 3.5, migrate-storage 3.6, try 3.5, swap, record"},
		{"3.7.1/etcd3", "3.6.14/etcd3", "backup, snapshot 3.7, lower 3.7, restore 3.6, try 3.6, swap, record"},
		{"3.0.17/etcd3", "2.3.8/etcd2", "backup, snapshot 3.0, replay 2.3, swap, record"},
		{"2.3.8/etcd2", "2.3.8/etcd2", "record"},
		{"2.3.8/etcd2", "3.0.17/etcd2", "backup, record"},
		{"2.3.8/etcd2", "3.1.20/etcd2", "backup, start 3.0, record, record"},
		{"2.3.8/etcd2", "3.0.17/etcd3", "backup, convert 3.0, swap, record, record"},
		{"2.3.8/etcd2", "3.1.20/etcd3", "backup, convert 3.0, swap, record, record"},
		{"2.3.8/etcd2", "3.2.32/etcd3", "backup, convert 3.0, swap, record, start 3.1, record, record"},
		{"2.2.5/etcd2", "3.0.17/etcd2", "no etcd 2.3"},
		{"3.7.1/etcd3", "3.5.33/etcd3", "one minor at a time"},
		{"3.8.0/etcd3", "3.7.1/etcd3", "no v2 snapshots"},
		{"3.1.20/etcd3", "2.3.8/etcd2", "one minor at a time"},
		{"3.0.17/etcd3", "2.3.8/etcd3", "no storage etcd3"},
		{"2.3.8/etcd2", "2.3.8/etcd3", "no storage etcd3"},
		{"2.2.5/etcd2", "2.3.8/etcd3", "no storage etcd3"},
		{"3.5.33/etcd3", "4.0.0/etcd3", "no way to etcd 4.x"},
	} {
		in := input(t, c.from, c.to)
		if c.from == "2.2.5/etcd2" {
			in.Bundle = in.Bundle[1:]
		}
		p, err := Make(in)
		if err != nil {
			if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s to %s: %v", c.from, c.to, err)
			}
			continue
		}
		if got := steps(p); got != c.want {
			t.Errorf("%s to %s: %s; not %s", c.from, c.to, got, c.want)
		}
	}
}

// TestWhatTheDataShows has one case for each fact that changes a way: by a step more, by a refusal, or by a warning.
func TestWhatTheDataShows(t *testing.T) {
	const three = "m=http://a:1,n=http://b:1,o=http://c:1"
	v23 := version.Line{Major: 2, Minor: 3}
	for name, c := range map[string]struct {
		from, to, want string
		change         func(*Input, *datadir.Facts)
	}{
		"quorum reads before 3.6":               {"3.5.33/etcd3", "3.6.14/etcd3", "backup, settle 3.5, record", func(_ *Input, f *datadir.Facts) { f.V2Requests = 3 }},
		"quorum reads before 3.5":               {"3.4.45/etcd3", "3.5.33/etcd3", "backup, record", func(_ *Input, f *datadir.Facts) { f.V2Requests = 3 }},
		"quorum reads, 3.5 on the way":          {"3.4.45/etcd3", "3.6.14/etcd3", "backup, start 3.5, record, record", func(_ *Input, f *datadir.Facts) { f.V2Requests = 3 }},
		"quorum reads, 3.6 on the way":          {"3.5.33/etcd3", "3.7.1/etcd3", "backup, settle 3.5, start 3.6, record, record", func(_ *Input, f *datadir.Facts) { f.V2Requests = 3 }},
		"own records before 3.7":                {"3.6.14/etcd3", "3.7.1/etcd3", "backup, settle 3.6, record", func(_ *Input, f *datadir.Facts) { f.V2Records = 2 }},
		"own records before 3.6":                {"3.5.33/etcd3", "3.6.14/etcd3", "backup, record", func(_ *Input, f *datadir.Facts) { f.V2Records = 2 }},
		"own records, 3.6 on the way":           {"3.5.33/etcd3", "3.7.1/etcd3", "backup, start 3.6, record, record", func(_ *Input, f *datadir.Facts) { f.V2Records = 2 }},
		"quorum reads in a cluster":             {"3.5.33/etcd3", "3.6.14/etcd3", "--snapshot-count=1", func(in *Input, f *datadir.Facts) { f.V2Requests = 3; in.InitialCluster = three }},
		"quorum reads, and no 3.5 in the image": {"3.5.33/etcd3", "3.6.14/etcd3", "--snapshot-count=1", func(in *Input, f *datadir.Facts) { f.V2Requests = 3; in.Bundle = in.Bundle[7:] }},
		"a snapshot without a database":         {"3.1.20/etcd3", "3.2.32/etcd3", "member/snap/db", func(_ *Input, f *datadir.Facts) { f.SnapshotAhead, f.HasDatabase = true, false }},
		"the same at 3.0":                       {"3.0.17/etcd2", "3.1.20/etcd2", "backup, settle 3.0, record", func(_ *Input, f *datadir.Facts) { f.SnapshotAhead, f.HasDatabase = true, false }},
		"the same at 2.3":                       {"2.3.8/etcd2", "3.1.20/etcd2", "backup, start 3.0, record, record", func(_ *Input, f *datadir.Facts) { f.SnapshotAhead, f.HasDatabase = true, false }},
		"a database that is too old":            {"3.0.17/etcd3", "3.1.20/etcd3", "member/snap/db", func(_ *Input, f *datadir.Facts) { f.SnapshotAhead, f.ConsistentIndex = true, 7 }},
		"a log from 2.3 before 3.5":             {"3.4.45/etcd3", "3.5.33/etcd3", "backup, settle 3.4, record", func(_ *Input, f *datadir.Facts) { f.FirstVersion = v23 }},
		"a log from 2.3 at 3.5":                 {"3.5.33/etcd3", "3.5.33/etcd3", "backup, settle 3.5, record", func(_ *Input, f *datadir.Facts) { f.FirstVersion = v23 }},
		"a log from 2.3 before 3.4":             {"3.3.27/etcd3", "3.4.45/etcd3", "backup, record", func(_ *Input, f *datadir.Facts) { f.FirstVersion = v23 }},
		"v2 keys before 3.6":                    {"3.5.33/etcd3", "3.6.14/etcd3", "v2 store holds keys", func(_ *Input, f *datadir.Facts) { f.V2Keys = true }},
		"v2 keys, 3.6 on the way":               {"3.4.45/etcd3", "3.7.1/etcd3", "v2 store holds keys", func(_ *Input, f *datadir.Facts) { f.V2Keys = true }},
		"v2 keys that 3.6 has passed over":      {"3.6.14/etcd3", "3.7.1/etcd3", "backup, record", func(_ *Input, f *datadir.Facts) { f.V2Keys = true }},
		"v2 keys that are to be passed over":    {"3.5.33/etcd3", "3.6.14/etcd3", "backup, record", func(in *Input, f *datadir.Facts) { f.V2Keys, in.SkipV2Check = true, true }},
		"v2 keys, converted on the way":         {"2.3.8/etcd2", "3.6.14/etcd3", "backup, convert 3.0, swap, record, start 3.1, record, start 3.2, record, start 3.3, record, start 3.4, record, start 3.5, record, record", func(_ *Input, f *datadir.Facts) { f.V2Keys = true }},
		"auth in a cluster before 3.5":          {"3.4.45/etcd3", "3.5.33/etcd3", "auth is enabled", func(in *Input, f *datadir.Facts) { f.AuthEnabled, in.InitialCluster = true, three }},
		"auth on the way back from 3.7":         {"3.7.1/etcd3", "3.6.14/etcd3", "auth is enabled", func(_ *Input, f *datadir.Facts) { f.AuthEnabled = true }},
		"the same with root's credentials":      {"3.7.1/etcd3", "3.6.14/etcd3", "backup, snapshot 3.7, lower 3.7, restore 3.6, try 3.6, swap, record", func(in *Input, f *datadir.Facts) { f.AuthEnabled, in.Credentials = true, true }},
		"a cluster, two minors up":              {"3.4.45/etcd3", "3.6.14/etcd3", "--expect-version 3.5", func(in *Input, _ *datadir.Facts) { in.InitialCluster = three }},
		"a cluster down":                        {"3.7.1/etcd3", "3.6.14/etcd3", "--from-snapshot", func(in *Input, _ *datadir.Facts) { in.InitialCluster = three }},
		"a cluster down with one snapshot":      {"3.7.1/etcd3", "3.6.14/etcd3", "backup, lower 3.7, restore 3.6, try 3.6, swap, record", func(in *Input, _ *datadir.Facts) { in.InitialCluster, in.FromSnapshot = three, true }},
		"a snapshot that cannot be used":        {"3.5.33/etcd3", "3.4.45/etcd3", "is damaged", func(in *Input, _ *datadir.Facts) { in.FromSnapshot, in.BadSnapshot = true, errors.New("x is damaged") }},
		"keys that 2.3 cannot hold":             {"3.0.17/etcd3", "2.3.8/etcd2", "cannot hold", func(in *Input, _ *datadir.Facts) { in.FitsV2 = func() error { return errors.New("cannot hold") } }},
		"no etcdutl":                            {"3.6.14/etcd3", "3.5.33/etcd3", "etcdutl", func(in *Input, _ *datadir.Facts) { in.HasEtcdutl = nil }},
		"a linked log and a swap":               {"3.5.33/etcd3", "3.4.45/etcd3", "symbolic link", func(in *Input, _ *datadir.Facts) { in.LinkedLog = true }},
		"a linked log and no swap":              {"3.5.33/etcd3", "3.6.14/etcd3", "backup, record", func(in *Input, _ *datadir.Facts) { in.LinkedLog = true }},
		"binaries that cannot be moved": {"3.5.33/etcd3", "3.6.14/etcd3", "DO_NOT_MOVE_BINARIES", func(in *Input, _ *datadir.Facts) {
			in.MoveBinaries, in.ImmovableBinaries = true, errors.New("/x/etcd cannot be replaced")
		}},
		"binaries that are moved":        {"3.5.33/etcd3", "3.6.14/etcd3", "backup, record, binaries 3.6", func(in *Input, _ *datadir.Facts) { in.MoveBinaries = true }},
		"the target is not in the image": {"3.5.33/etcd3", "3.6.9/etcd3", "3.6.14", func(in *Input, _ *datadir.Facts) { in.MoveBinaries = true }},
		"no backup":                      {"3.5.33/etcd3", "3.6.14/etcd3", "record", func(in *Input, _ *datadir.Facts) { in.Backup = false }},
	} {
		in := input(t, c.from, c.to)
		c.change(&in, in.State.Facts)
		p, err := Make(in)
		got := ""
		if err == nil {
			got = steps(p)
		}
		if err != nil && (!errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), c.want)) || err == nil && got != c.want {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

// TestWarnings has one case for each hazard that does not stop a plan.
func TestWarnings(t *testing.T) {
	for name, c := range map[string]struct {
		from, to, want string
		change         func(*datadir.State)
	}{
		"nothing":                          {"3.5.33/etcd3", "3.6.14/etcd3", "", func(*datadir.State) {}},
		"an old 3.5":                       {"3.5.31/etcd3", "3.6.14/etcd3", "3.5.32", func(*datadir.State) {}},
		"a 3.5 of which no patch is known": {"3.5.33/etcd3", "3.6.14/etcd3", "recovered", func(s *datadir.State) { s.HasFile = false }},
		"an old 3.6":                       {"3.6.10/etcd3", "3.7.1/etcd3", "3.6.11", func(*datadir.State) {}},
		"a leftover member":                {"3.5.33/etcd3", "3.6.14/etcd3", "revive", func(s *datadir.State) { s.Facts.Leftover = []datadir.Member{{ID: 1}} }},
		"a learner":                        {"3.5.33/etcd3", "3.6.14/etcd3", "learner", func(s *datadir.State) { s.Facts.Members = []datadir.Member{{ID: 1, Learner: true}} }},
		"a learner that became a voter":    {"3.5.33/etcd3", "3.6.14/etcd3", "3.5.31", func(s *datadir.State) { s.Facts.OtherRole = []datadir.Member{{ID: 1}} }},
		"auth":                             {"3.4.45/etcd3", "3.5.33/etcd3", "auth", func(s *datadir.State) { s.Facts.AuthEnabled = true }},
		"v2 keys for clients of 3.4":       {"3.3.27/etcd2", "3.4.45/etcd2", "--enable-v2", func(*datadir.State) {}},
		"no v2 API for clients of 3.6":     {"3.5.33/etcd2", "3.6.14/etcd2", "no v2 API", func(*datadir.State) {}},
		"v2 keys for clients of 3.3":       {"3.2.32/etcd2", "3.3.27/etcd2", "", func(*datadir.State) {}},
		"damage":                           {"3.4.45/etcd3", "3.5.33/etcd3", "damage", func(s *datadir.State) { s.Facts.Problems = []string{"log"} }},
	} {
		in := input(t, c.from, c.to)
		c.change(in.State)
		p, err := Make(in)
		text := strings.Join(p.Warnings, "\n")
		if err != nil || (c.want == "") != (text == "") || !strings.Contains(text, c.want) || strings.Count(text, "\n") > 0 {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}

// TestEmptyDirectories: nothing is initialised where data was.
func TestEmptyDirectories(t *testing.T) {
	for name, c := range map[string]struct {
		content   datadir.Content
		leftovers []string
		anew      bool
		want      string
	}{
		"absent": {datadir.Absent, nil, false, "initialise, record"}, "empty": {datadir.Empty, nil, false, "record"}, "blank": {datadir.Blank, nil, false, "record"},
		"absent, with a backup": {datadir.Absent, []string{"/d.bak"}, false, "/d.bak"}, "empty, with a backup": {datadir.Empty, []string{"/d.bak"}, false, "--new-cluster"},
		"absent, with a backup, and anew all the same": {datadir.Absent, []string{"/d.bak"}, true, "initialise, record"},
	} {
		in := input(t, "3.5.33/etcd3", "3.5.33/etcd3")
		in.State = &datadir.State{Content: c.content, Facts: &datadir.Facts{}}
		in.Leftovers, in.NewCluster = c.leftovers, c.anew
		p, err := Make(in)
		if err != nil && (!errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), c.want)) || err == nil && steps(p) != c.want {
			t.Errorf("%s: %s, %v", name, steps(p), err)
		}
	}
}
