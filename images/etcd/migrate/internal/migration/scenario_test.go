package migration

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/check"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/plan"
)

// TestEmptiedVersionFileIsRecoveredFromTheData: a full disk emptied version.txt. It is recovered from the data, and a disk that is full now leaves the old file alone.
func TestEmptiedVersionFileIsRecoveredFromTheData(t *testing.T) {
	b := newBench(t, "3.4.23", "3.4.23", "3.5.16")
	b.write("version.txt", "")
	b.must("3.4.23")
	if b.versionFile() != "3.4.23/etcd3" {
		t.Error(b.versionFile())
	}
}

// TestCrashBetweenStepsStartsNoOlderEtcd: a crash after a step. The run after it starts no older etcd on newer data.
func TestCrashBetweenStepsStartsNoOlderEtcd(t *testing.T) {
	b := newBench(t, "3.3.25", "3.3.25", "3.4.23", "3.5.16", "3.6.5")
	b.write("version.txt", "3.3.25/etcd3") // as it is if the crash was before the record
	setClusterVersion(filepath.Join(b.dir, "member"), "3.4.0")
	b.must("3.6.5")
	if strings.Contains(b.output.String(), "program=etcd-3.4.23") || !strings.Contains(b.output.String(), "program=etcd-3.5.16") {
		t.Error(b.output.String())
	}
	b.sameData("3.3.25")
}

// TestLeftoverBackupsDoNotStopARun: a backup is left over, whole or partial, from an earlier try.
func TestLeftoverBackupsDoNotStopARun(t *testing.T) {
	b := newBench(t, "3.5.16", "3.4.23", "3.5.16")
	for _, name := range []string{".bak", ".bak.partial", ".snapshot.db.partial"} {
		if err := os.MkdirAll(filepath.Join(b.dir+name, "member"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	b.must("3.4.23")
	b.sameData("3.5.16")
	if !b.exists(filepath.Join(b.dir+".bak", "member", "snap", "db")) || !b.exists(b.dir+".bak.1") || b.exists(b.dir+".bak.partial") {
		t.Error("the backups are not as they should be")
	}
}

// TestEveryLineHasATimeAndEveryStepADuration: every line has a time, and every step a duration.
func TestEveryLineHasATimeAndEveryStepADuration(t *testing.T) {
	b := newBench(t, "3.5.16", "3.4.23", "3.5.16")
	b.must("3.4.23")
	stamp := regexp.MustCompile(`^time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=`)
	for _, line := range strings.Split(strings.TrimSpace(b.output.String()), "\n") {
		if !stamp.MatchString(line) {
			t.Error(line)
		}
		if strings.Contains(line, "step=") && !strings.Contains(line, "duration=") {
			t.Error(line)
		}
	}
}

const three = "--initial-cluster=m=http://a:2380,n=http://b:2380,o=http://c:2380"

// TestClusterGoesOneMinorUpAndIsToldHowElse: in a cluster, one minor up is bookkeeping, and what would break it is refused with the way to do it.
func TestClusterGoesOneMinorUpAndIsToldHowElse(t *testing.T) {
	b := newBench(t, "3.4.23", "3.3.25", "3.4.23", "3.5.16", "3.6.5")
	b.must("3.5.16", three)
	if strings.Contains(b.output.String(), "step=start") || b.versionFile() != "3.5.16/etcd3" {
		t.Error(b.output.String())
	}
	for target, procedure := range map[string]string{"3.6.5": "cluster check --expect-version 3.5", "3.3.25": "--from-snapshot"} {
		err := b.run(target, three)
		if !errors.Is(err, plan.ErrRefused) || !strings.Contains(err.Error(), procedure) {
			t.Errorf("%s: %v", target, err)
		}
	}
}

// TestLowerTargetGoesDownOneMinorOnly: the target is lower than what is recorded: one minor is a downgrade, two are refused.
func TestLowerTargetGoesDownOneMinorOnly(t *testing.T) {
	b := newBench(t, "3.5.16", "3.3.25", "3.4.23", "3.5.16")
	if err := b.run("3.3.25"); !errors.Is(err, plan.ErrRefused) || !strings.Contains(err.Error(), "3.4") {
		t.Error(err)
	}
	b.must("3.4.23")
	b.must("3.3.25")
	b.sameData("3.5.16")
}

// TestAnyPatchOfTheMinorRunsOnTheData: the recorded patch is not in the image; any of its minor will do.
func TestAnyPatchOfTheMinorRunsOnTheData(t *testing.T) {
	b := newBench(t, "3.5.16", "3.4.23", "3.5.30")
	b.write("version.txt", "3.5.9/etcd3")
	b.must("3.4.23")
	b.sameData("3.5.16")
	other := newBench(t, "3.5.16", "3.4.23")
	if err := other.run("3.4.23"); !errors.Is(err, plan.ErrRefused) || !strings.Contains(err.Error(), "3.5") {
		t.Error(err)
	}
}

// TestCheckReportsAnotherName: the name differs from that in the data: said by check.
func TestCheckReportsAnotherName(t *testing.T) {
	b := newBench(t, "3.5.16", "3.5.16")
	in, err := b.migration("3.5.16", "--name=other").Survey(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprint(check.Run(in)); !strings.Contains(text, `"m"`) || !strings.Contains(text, `"other"`) {
		t.Error(text)
	}
}

// TestInheritedVariablesDoNotReachEtcd: no ETCD_ variable reaches the temporary etcd, and no secret of the extra arguments the output.
func TestInheritedVariablesDoNotReachEtcd(t *testing.T) {
	for name, value := range map[string]string{"ETCD_NAME": "m", "ETCD_DATA_DIR": "/elsewhere", "ETCDCTL_USER": "root:secret", "ETCD_DIE": "yes"} {
		t.Setenv(name, value)
	}
	b := newBench(t, "3.3.25", "3.3.25", "3.4.23", "3.5.16")
	b.env["ETCD_CREDS"] = "--initial-cluster-token=top-secret-token"
	b.must("3.5.16")
	if strings.Contains(b.output.String(), "top-secret") || strings.Contains(b.output.String(), "root:secret") {
		t.Error(b.output.String())
	}
}

// TestNothingOfTheOldMemberRemains: a new member replaces the old one whole; nothing of the old one lies among it.
func TestNothingOfTheOldMemberRemains(t *testing.T) {
	b := newBench(t, "3.5.16", "3.4.23", "3.5.16")
	b.write("member/snap/0000000000000002-0000000000000001.snap.broken", "old")
	b.must("3.4.23")
	if b.exists(filepath.Join(b.dir, "member", "snap", "0000000000000002-0000000000000001.snap.broken")) {
		t.Error("a file of the old member is in the new one")
	}
}

// TestLostDataIsNotInitialisedAnew: no data, but signs that there was some: nothing is initialised.
func TestLostDataIsNotInitialisedAnew(t *testing.T) {
	for _, sign := range []string{".bak", ".bak.1", ".snapshot.db", ".rollback.backup", ".migrate/journal.json"} {
		for _, state := range []string{"absent", "empty", "blank"} {
			b := newBench(t, "", "3.5.16")
			if err := os.MkdirAll(filepath.Dir(b.dir+sign), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(b.dir+sign, []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
			switch state {
			case "empty":
				_ = os.Mkdir(b.dir, 0o700)
			case "blank":
				b.write("version.txt", "3.5.16/etcd3")
			}
			before := b.versionFile()
			if err := b.run("3.5.16"); err == nil {
				t.Errorf("%s with %s beside it was initialised", state, sign)
			}
			if b.exists(filepath.Join(b.dir, "member")) || b.versionFile() != before || state == "absent" && b.exists(b.dir) {
				t.Errorf("%s with %s beside it was changed", state, sign)
			}
			if sign == ".bak" {
				b.must("3.5.16", "--new-cluster")
			}
		}
	}
}

// TestSnapshotWithoutDatabaseIsRefused: v2 data and no database. 3.1 to 3.2 and everything above is refused, and nothing is started.
func TestSnapshotWithoutDatabaseIsRefused(t *testing.T) {
	b := newBench(t, "3.3.25", "3.1.20", "3.2.32", "3.3.25")
	setClusterVersion(filepath.Join(b.dir, "member"), "3.1.0")
	if err := os.Remove(b.database()); err != nil {
		t.Fatal(err)
	}
	b.addSnapshot(t)
	b.write("version.txt", "3.1.20/etcd3")
	for _, target := range []string{"3.2.32", "3.3.25"} {
		if err := b.run(target); !errors.Is(err, plan.ErrRefused) || !strings.Contains(err.Error(), "member/snap/db") {
			t.Errorf("%s: %v", target, err)
		}
	}
	b.must("3.1.20")
}

// TestV2KeysAreRefusedOnTheWayTo36: v2 keys in the store are refused on the way to 3.6.
func TestV2KeysAreRefusedOnTheWayTo36(t *testing.T) {
	b := newBench(t, "3.5.16", "3.5.16", "3.6.5")
	b.addSnapshot(t)
	if err := b.run("3.6.5"); !errors.Is(err, plan.ErrRefused) || !strings.Contains(err.Error(), "v2") {
		t.Error(err)
	}
}

// TestSeparateLogIsBackedUp: a separate log goes along: into the backup, and into the swap.
func TestSeparateLogIsBackedUp(t *testing.T) {
	b := newBench(t, "3.5.16", "3.4.23", "3.5.16")
	log := b.dir + "-log"
	if err := os.Rename(filepath.Join(b.dir, "member", "wal"), log); err != nil {
		t.Fatal(err)
	}
	b.write("version.txt", "3.5.16/etcd3")
	m := b.migration("3.6.0", "--wal-dir="+log)
	facts, err := datadir.Read(m.layout.paths)
	if line, _ := facts.Line(); err != nil || line.String() != "3.5" {
		t.Errorf("%s, %v", line, err)
	}
	if err := m.layout.backups.Make(m.layout.paths, facts, "3.5.16/etcd3", m.now()); err != nil {
		t.Fatal(err)
	}
	if !b.exists(filepath.Join(b.dir+".bak", "member", "wal", logName)) {
		t.Error("the log is not in the backup")
	}
}

// TestSkippedMinorIsNamed: a minor is skipped by mistake: it is run, if the image has it, or else named.
func TestSkippedMinorIsNamed(t *testing.T) {
	b := newBench(t, "3.3.25", "3.3.25", "3.5.16")
	if err := b.run("3.5.16"); !errors.Is(err, plan.ErrRefused) || !strings.Contains(err.Error(), "no etcd 3.4") {
		t.Error(err)
	}
	if b.line() != "3.3" || b.exists(b.dir+".bak") {
		t.Error("something was done all the same")
	}
}

// TestNeverEndless: every pair of versions that sent the earlier tool round in circles comes to an end.
func TestNeverEndless(t *testing.T) {
	for _, pair := range [][2]string{{"2.3.7/etcd2", "2.2.1/etcd2"}, {"2.3.7/etcd2", "3.0.17/etcd2"}, {"3.5.16/etcd3", "4.0.0/etcd3"},
		{"4.1.0/etcd3", "3.5.16/etcd3"}, {"3.0.0/etcd3", "3.2147483647.0/etcd3"}, {"2.9.0/etcd2", "3.5.16/etcd3"}, {"0.4.9/etcd2", "3.5.16/etcd3"}} {
		b := newBench(t, "3.3.25", "3.5.16")
		b.env["DO_NOT_MOVE_BINARIES"] = "true"
		_ = os.RemoveAll(filepath.Join(b.dir, "member", "wal"))
		_ = os.Remove(b.database())
		b.write("version.txt", pair[0])
		err := b.run(pair[1])
		if pair[1] == "3.0.17/etcd2" != (err == nil) {
			t.Errorf("%v: %v", pair, err)
		}
	}
}
