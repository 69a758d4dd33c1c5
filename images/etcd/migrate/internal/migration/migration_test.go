package migration

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/plan"
)

func TestUpgradeThroughMinors(t *testing.T) {
	b := newBench(t, "3.3.25", "3.3.25", "3.4.23", "3.5.16", "3.5.30", "3.6.5")
	b.must("3.6.5")
	if b.versionFile() != "3.6.5/etcd3" || b.line() != "3.5" {
		t.Errorf("%s, data of %s", b.versionFile(), b.line())
	}
	if !strings.Contains(b.output.String(), "program=etcd-3.5.30") || strings.Contains(b.output.String(), "program=etcd-3.6.5") {
		t.Error(b.output.String())
	}
	b.sameData("3.3.25")
	if b.exists(b.dir + ".migrate") {
		t.Error("the work folder is left over")
	}
	backed := filepath.Join(b.dir+".bak", "member", "snap", "db")
	if err := datadir.SameData(original("3.3.25"), backed); err != nil {
		t.Error(err)
	}
}

func TestDowngradeBySnapshot(t *testing.T) {
	b := newBench(t, "3.5.16", "3.4.23", "3.5.16")
	b.must("3.4.23")
	if b.versionFile() != "3.4.23/etcd3" || b.line() != "3.4" {
		t.Errorf("%s, data of %s", b.versionFile(), b.line())
	}
	b.sameData("3.5.16")
	if !b.exists(b.dir+".bak") || !b.exists(b.dir+".snapshot.db") || b.exists(b.dir+".migrate") || b.exists(filepath.Join(b.dir, "member", marker)) {
		t.Error("backup, snapshot, work folder or marker is not as it should be")
	}
}

// TestDowngradeByStorageVersion goes 3.6 to 3.5: etcdutl of 3.5 restores, that of 3.6 takes back the storage version, and 3.5 is tried.
func TestDowngradeByStorageVersion(t *testing.T) {
	b := newBench(t, "3.5.16", "3.5.16", "3.6.5")
	setClusterVersion(filepath.Join(b.dir, "member"), "3.6.0")
	b.must("3.5.16")
	if b.versionFile() != "3.5.16/etcd3" || b.line() != "3.5" {
		t.Errorf("%s, data of %s\n%s", b.versionFile(), b.line(), b.output.String())
	}
	b.sameData("3.5.16")
	for _, part := range []string{"step=restore program=etcdutl-3.5.16", "step=await etcd=3.5.16", "step=migrate-storage program=etcdutl-3.6.5"} {
		if !strings.Contains(b.output.String(), part) {
			t.Errorf("%s is not in\n%s", part, b.output.String())
		}
	}
}

// TestFrom3To2 replays the keys into a new 2.3 member.
func TestFrom3To2(t *testing.T) {
	b := newBench(t, "3.3.25", "2.3.7", "3.0.17")
	setClusterVersion(filepath.Join(b.dir, "member"), "3.0.0")
	b.write("version.txt", "3.0.17/etcd3")
	b.must("2.3.7/etcd2")
	if b.versionFile() != "2.3.7/etcd2" {
		t.Error(b.versionFile())
	}
	content, err := os.ReadFile(filepath.Join(b.dir, "member", "v2.json"))
	if err != nil {
		t.Fatal(err)
	}
	var store keyStore
	if err := json.Unmarshal(content, &store); err != nil {
		t.Fatal(err)
	}
	if len(store.Keys) != 4 || store.Keys["/registry/k2"] != (keyOf2{"v2", ""}) || store.Keys["/registry/leased"] != (keyOf2{"x", "3600"}) {
		t.Errorf("%+v", store.Keys)
	}
}

// TestFrom2To3 converts with etcdctl migrate on a copy, and gives the events one lease.
func TestFrom2To3(t *testing.T) {
	b := newBench(t, "3.3.25", "2.3.7", "3.0.17", "3.1.20")
	setClusterVersion(filepath.Join(b.dir, "member"), "2.3.0")
	b.write("version.txt", "2.3.7/etcd2")
	b.must("3.1.20")
	if b.versionFile() != "3.1.20/etcd3" || b.line() != "3.0" {
		t.Errorf("%s, data of %s", b.versionFile(), b.line())
	}
	if api, err := os.ReadFile(filepath.Join(b.dir, "member", "converted")); err != nil || string(api) != "3" {
		t.Errorf("%s, %v", api, err)
	}
	content, err := os.ReadFile(filepath.Join(b.dir, "member", "leased.json"))
	if err != nil || strings.Count(string(content), `"7587"`) != 450 {
		t.Errorf("%v: %d keys under the lease", err, strings.Count(string(content), `"7587"`))
	}
}

// TestBackupOff keeps the old member all the same, since it costs nothing.
func TestBackupOff(t *testing.T) {
	b := newBench(t, "3.5.16", "3.4.23", "3.5.16")
	b.must("3.4.23", "--backup=off")
	b.sameData("3.5.16")
	if err := datadir.SameData(original("3.5.16"), filepath.Join(b.dir+".bak", "member", "snap", "db")); err != nil {
		t.Error(err)
	}
}

// TestPlanRunsNothing: a plan leaves no trace.
func TestPlanRunsNothing(t *testing.T) {
	b := newBench(t, "3.3.25", "3.3.25", "3.4.23", "3.5.16")
	p, err := b.migration("3.5.16").Plan()
	if err != nil || len(p.Steps) != 5 || p.Steps[0].Kind != plan.Backup || p.Steps[1].Kind != plan.Start {
		t.Errorf("%+v, %v", p, err)
	}
	entries, err := os.ReadDir(filepath.Dir(b.dir))
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
	var decoded map[string]any
	if err := json.Unmarshal([]byte(p.JSON(nil)), &decoded); err != nil || decoded["current"] != "3.3/etcd3" {
		t.Errorf("%v, %v", decoded, err)
	}
}
