package migration

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/durable"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/etcd"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/plan"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// snapshotStep takes a snapshot with the version that the data has. Where auth forbids that without credentials, the database of the stopped
// etcd is the same thing: a snapshot is that file with its SHA-256 behind it.
func (r *run) snapshotStep(ctx context.Context, v version.Version) error {
	fresh := filepath.Join(r.layout.work, "snapshot.partial")
	if err := durable.RemoveAll(fresh); err != nil {
		return err
	}
	var save func(*etcd.Server) error
	if !r.facts.AuthEnabled {
		save = func(server *etcd.Server) error {
			_, err := r.programs.Run(ctx, "etcdctl", v, []string{"--endpoints=" + server.URL, "snapshot", "save", fresh})
			return err
		}
	}
	if err := r.with(ctx, v, r.config(ctx), version.Line{}, save); err != nil {
		return err
	}
	if err := r.refresh(); err != nil {
		return err
	}
	if r.facts.AuthEnabled {
		if err := databaseAsSnapshot(r.layout.paths.Database(), fresh); err != nil {
			return err
		}
	}
	if err := durable.SyncTree(fresh); err != nil {
		return err
	}
	if err := VerifySnapshot(fresh); err != nil {
		return err
	}
	if err := datadir.SameHistory(r.layout.paths.Database(), fresh); err != nil {
		return fmt.Errorf("the snapshot is not of this data: %w", err)
	}
	return durable.Rename(fresh, r.layout.snapshot)
}

func databaseAsSnapshot(database, snapshot string) error {
	if _, err := durable.CopyFile(database, snapshot); err != nil {
		return err
	}
	file, err := os.OpenFile(snapshot, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	sum := sha256.New()
	if _, err = io.Copy(sum, file); err == nil {
		_, err = file.Write(sum.Sum(nil)) // the offset is at the end
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	return err
}

// VerifySnapshot checks the SHA-256 at the end of a snapshot, and that what is before it is a database.
func VerifySnapshot(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	size := info.Size() - sha256.Size
	if size <= 0 || size%512 != 0 {
		return fmt.Errorf("%s has no checksum at its end: it is not a snapshot, or not all of one", path)
	}
	sum := sha256.New()
	if _, err := io.CopyN(sum, file, size); err != nil {
		return err
	}
	stored, err := io.ReadAll(io.LimitReader(file, sha256.Size))
	if err != nil {
		return err
	}
	if !bytes.Equal(stored, sum.Sum(nil)) {
		return fmt.Errorf("%s is damaged: its checksum does not match", path)
	}
	_, err = datadir.ReadDatabase(path)
	return err
}

// snapshotPath is the snapshot that is restored: the one just taken, or the one given.
func (r *run) snapshotPath() string {
	if r.options.Snapshot != "" {
		return r.options.Snapshot
	}
	return r.layout.snapshot
}

// restoreStep makes a new member of the snapshot in a new place.
func (r *run) restoreStep(ctx context.Context, step plan.Step) error {
	snapshot := r.snapshotPath()
	if err := VerifySnapshot(snapshot); err != nil {
		return err
	}
	if err := r.clearRestored(); err != nil {
		return err
	}
	o := r.options
	arguments := []string{"snapshot", "restore", snapshot, "--data-dir=" + r.layout.restored(), "--name=" + o.Name,
		"--initial-cluster=" + o.InitialCluster, "--initial-advertise-peer-urls=" + o.InitialAdvertisePeerURLs}
	if log := r.layout.restoredLog(); log != "" {
		arguments = append(arguments, "--wal-dir="+log)
	}
	for _, f := range o.Extra {
		if f.Name == "initial-cluster-token" && f.HasValue {
			arguments = append(arguments, f.Argument())
		}
	}
	program := "etcdctl"
	if step.Program != program+"-"+step.Version.String() {
		program = "etcdutl"
	}
	if _, err := r.programs.Run(ctx, program, *step.Version, arguments); err != nil {
		return err
	}
	return r.verifyRestored(snapshot)
}

func (r *run) clearRestored() error {
	if err := durable.RemoveAll(r.layout.restored()); err != nil {
		return err
	}
	if log := r.layout.restoredLog(); log != "" {
		return durable.RemoveAll(log)
	}
	return nil
}

// verifyRestored compares the new member's keys with those it was made of.
func (r *run) verifyRestored(original string) error {
	restored := datadir.Paths{Data: r.layout.restored(), WAL: r.layout.restoredLog()}
	return r.log.Step("compare", func() error { return datadir.SameData(original, restored.Database()) })
}

// migrateStorageStep takes back the storage version of the new member, and then starts the target's etcd on it: whatever is wrong shows
// before the old member is touched.
func (r *run) migrateStorageStep(ctx context.Context, v version.Version) error {
	restored, line := datadir.Paths{Data: r.layout.restored(), WAL: r.layout.restoredLog()}, r.plan.Target.Version.Line()
	if restored.WAL != "" { // etcdutl migrate knows one place for the log
		link := filepath.Join(restored.Member(), "wal")
		if err := os.Symlink(restored.WAL, link); err != nil {
			return err
		}
		defer os.Remove(link)
	}
	if _, err := r.programs.Run(ctx, "etcdutl", v, []string{"migrate", "--data-dir=" + restored.Data, "--target-version=" + line.String()}); err != nil {
		return fmt.Errorf("%w; the other way is online: etcdctl downgrade enable %s while etcd %s runs", err, line, v)
	}
	facts, err := datadir.ReadDatabase(restored.Database())
	if err != nil {
		return err
	}
	if now := facts.StorageVersion; !now.IsZero() && now != line {
		return fmt.Errorf("the storage version is still %s", now)
	}
	if target, found := r.options.Bundle.Nearest(r.plan.Target.Version); found && plan.Clustered(r.options.InitialCluster) <= 1 {
		if err := r.with(ctx, target, r.onRestored(ctx), line, nil); err != nil {
			return err
		}
	}
	return r.verifyRestored(r.snapshotPath())
}
