package migration

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/etcd"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/plan"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/waltest"
)

var everyMinor = []string{"2.3.8", "3.0.17", "3.1.20", "3.2.32", "3.3.27", "3.4.45", "3.5.33", "3.6.14", "3.7.1"}

// recordedBench takes data that was recorded in a case that matters.
func recordedBench(t *testing.T, name string, versions ...string) *bench {
	t.Helper()
	b := newBench(t, "", versions...)
	if err := waltest.Unpack(filepath.Join("..", "datadir", "testdata", "recorded", name+".tar.gz"), b.dir); err != nil {
		t.Fatal(err)
	}
	b.more = append(b.more, "--name=etcd-h", "--initial-cluster=etcd-h=http://127.0.0.1:25380", "--initial-advertise-peer-urls=http://127.0.0.1:25380")
	return b
}

// serves starts the target as a user would, and asks it for a key.
func (b *bench) serves(target string) error {
	b.t.Helper()
	m := b.migration(target)
	v, err := version.Parse(strings.Split(target, "/")[0])
	if err != nil {
		b.t.Fatal(err)
	}
	config := etcd.Config{Name: "etcd-h", DataDir: b.dir, ListenClientURLs: m.options.ClientURL, ClientURL: m.options.ClientURL}
	server, _, err := m.programs.Start(context.Background(), v, config)
	if err != nil {
		return err
	}
	defer server.Stop()
	if err := server.AwaitReady(context.Background(), v.Line(), m.options.StartTimeout); err != nil || v.Major < 3 {
		return err
	}
	response, err := http.Post(server.URL+etcd.ClientPaths(v.Line())+"/kv/range", "application/json", strings.NewReader(`{"key":"YQ=="}`))
	if err != nil {
		return err
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}

// TestRecordedDataIsServedByTheTarget has the ways on which an earlier migrate ended with exit code 0, and the target with a panic or without service.
func TestRecordedDataIsServedByTheTarget(t *testing.T) {
	for _, c := range []struct{ recorded, target, steps string }{
		{"3.3.27-quorum-reads", "3.6.14/etcd3", "backup start record start record record binaries"},
		{"3.3.27-quorum-reads", "3.7.1/etcd3", "backup start record start record start record record binaries"},
		{"3.5.33-no-raft-snapshot", "3.6.14/etcd3", "backup record binaries"},
		{"3.5.33-no-raft-snapshot", "3.7.1/etcd3", "backup start record record binaries"},
		{"3.6.14", "3.7.1/etcd3", "backup record binaries"},
		{"3.7.1", "3.6.14/etcd3", "backup snapshot lower restore try swap record binaries"},
		{"3.6.14", "3.5.33/etcd3", "backup snapshot restore migrate-storage try swap record binaries"},
		{"2.3.8-raft-snapshots", "3.0.17/etcd2", "backup record binaries"},
		{"2.3.8-raft-snapshots", "3.1.20/etcd2", "backup start record record binaries"},
		{"2.3.8", "3.5.33/etcd2", "backup start record start record start record start record start record record binaries"},
	} {
		b := recordedBench(t, c.recorded, everyMinor...)
		p, err := b.migration(c.target).Plan()
		if err != nil {
			t.Errorf("%s to %s: %v", c.recorded, c.target, err)
			continue
		}
		var kinds []string
		for _, step := range p.Steps {
			kinds = append(kinds, string(step.Kind))
		}
		if got := strings.Join(kinds, " "); got != c.steps {
			t.Errorf("%s to %s: %s", c.recorded, c.target, got)
		}
		b.must(c.target)
		if err := b.serves(c.target); err != nil {
			t.Errorf("%s to %s: %v\n%s", c.recorded, c.target, err, b.output.String())
		}
	}
}

// TestLogIsSettledBeforeTheNextMinor: one minor up runs nothing, unless the log holds what that minor cannot read.
func TestLogIsSettledBeforeTheNextMinor(t *testing.T) {
	for name, c := range map[string]struct {
		recorded, target string
		entry            []byte
	}{
		"quorum read before 3.6": {"3.5.33-no-raft-snapshot", "3.6.14/etcd3", waltest.V2("QGET", "", "")},
		"expiry before 3.6":      {"3.5.33-no-raft-snapshot", "3.6.14/etcd3", waltest.V2("SYNC", "", "")},
		"version before 3.7":     {"3.6.14", "3.7.1/etcd3", waltest.V2("PUT", "/0/version", "3.5.0")},
	} {
		b := recordedBench(t, c.recorded, everyMinor...)
		log, err := waltest.Open(filepath.Join(b.dir, "member", "wal"))
		if err == nil {
			err = log.Append(c.entry)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := b.run(c.target, "--initial-cluster=etcd-h=http://a:1,x=http://b:1"); !errors.Is(err, plan.ErrRefused) || !strings.Contains(err.Error(), "--snapshot-count=1") {
			t.Errorf("%s, in a cluster: %v", name, err)
		}
		b.must(c.target)
		if !strings.Contains(b.output.String(), "step=settle") {
			t.Errorf("%s: %s", name, b.output.String())
		}
		if err := b.serves(c.target); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLogThatBeginsAt23IsRepaired: data that an earlier migrate brought to 3.5, which answers no request there.
func TestLogThatBeginsAt23IsRepaired(t *testing.T) {
	b := newBench(t, "", everyMinor...)
	log, err := waltest.Create(filepath.Join(b.dir, "member", "wal"), 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []string{"2.3.0", "3.0.0", "3.1.0", "3.2.0", "3.3.0", "3.4.0", "3.5.0"} {
		if err := log.Append(waltest.V2("PUT", "/0/version", v)); err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(original("3.5.16"))
	if err != nil {
		t.Fatal(err)
	}
	b.write("member/snap/db", string(content))
	b.write("version.txt", "3.5.33/etcd3")
	if err := b.serves("3.5.33/etcd3"); err == nil {
		t.Fatal("the stand-in serves, and would not show the repair")
	}
	b.must("3.5.33/etcd3")
	if err := b.serves("3.5.33/etcd3"); err != nil {
		t.Errorf("%v\n%s", err, b.output.String())
	}
	b.sameData("3.5.16")
}

// TestDowngradeOfAClusterIsTried: a member of three cannot run alone; one that is made like it must run before it is put in place.
func TestDowngradeOfAClusterIsTried(t *testing.T) {
	const three = "--initial-cluster=etcd-h=http://127.0.0.1:25380,y=http://b:1,z=http://c:1"
	for _, way := range [][2]string{{"3.7.1", "3.6.14/etcd3"}, {"3.6.14", "3.5.33/etcd3"}} {
		b := recordedBench(t, way[0], everyMinor...)
		snapshot := b.dir + ".all.db"
		if err := databaseAsSnapshot(b.database(), snapshot); err != nil {
			t.Fatal(err)
		}
		b.must(way[1], three, "--from-snapshot="+snapshot)
		if !strings.Contains(b.output.String(), "step=try") || b.exists(b.dir+".migrate") {
			t.Error(b.output.String())
		}
		if err := datadir.SameData(snapshot, b.database()); err != nil {
			t.Error(err)
		}
	}
}

// TestSwappedBinaryIsADowngrade: somebody put 3.6 into the place of 3.7, which refuses the data, and version.txt says 3.6 by now. The data counts.
func TestSwappedBinaryIsADowngrade(t *testing.T) {
	b := recordedBench(t, "3.7.1", everyMinor...)
	b.write("version.txt", "3.6.14/etcd3")
	if err := b.serves("3.6.14/etcd3"); err == nil || !strings.Contains(err.Error(), "invalid downgrade") {
		t.Fatal(err)
	}
	b.must("3.6.14/etcd3")
	if err := b.serves("3.6.14/etcd3"); err != nil {
		t.Error(err)
	}
}

// TestPanicIsQuoted: when etcd dies, the line that says why is shown, not the end of the stack behind it.
func TestPanicIsQuoted(t *testing.T) {
	b := recordedBench(t, "3.3.27-quorum-reads", everyMinor...)
	err := b.serves("3.6.14/etcd3")
	if err == nil || !strings.Contains(err.Error(), "disallowed v2 WAL for stage --v2-deprecation=write-only: method QGET") || strings.Contains(err.Error(), "goroutine") {
		t.Error(err)
	}
	b = recordedBench(t, "2.3.8-raft-snapshots", everyMinor...)
	if err := b.serves("3.1.20/etcd2"); err == nil || !strings.Contains(err.Error(), "failed to find database snapshot file") || strings.Contains(err.Error(), "0xc000") {
		t.Error(err)
	}
}
