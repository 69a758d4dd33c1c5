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
			_, err := r.programs.Run(ctx, "etcdctl", v, etcd.SaveArguments(server.URL, fresh))
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
