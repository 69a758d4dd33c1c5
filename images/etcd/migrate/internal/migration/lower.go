package migration

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/durable"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/etcd"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// loweredSnapshot is the snapshot after the cluster version and the storage version in it have been taken back.
func (r *run) loweredSnapshot() string { return filepath.Join(r.layout.work, "lowered.db") }

// lowerStep restores the snapshot as a temporary member, enables the downgrade there, and takes a snapshot once it is done. The old member is not touched,
// and every member of a cluster makes the same of the same snapshot.
func (r *run) lowerStep(ctx context.Context, v version.Version) error {
	if err := VerifySnapshot(r.snapshotPath()); err != nil {
		return err
	}
	member, lowered, line := filepath.Join(r.layout.work, "lowered"), r.loweredSnapshot(), r.plan.Target.Version.Line()
	for _, path := range []string{member, lowered} {
		if err := durable.RemoveAll(path); err != nil {
			return err
		}
	}
	config := r.lonely(ctx, member)
	if err := r.restore(ctx, "etcdutl", v, r.snapshotPath(), config); err != nil {
		return err
	}
	config.Settle = true // the storage version can only move back once a snapshot covers the entries that are new in this minor
	if err := r.with(ctx, v, config, v.Line(), func(server *etcd.Server) error {
		if _, err := r.programs.Run(ctx, "etcdctl", v, etcd.DowngradeArguments(server.URL, line)); err != nil {
			return err
		}
		if err := r.log.Step("await", func() error { return server.AwaitStorage(ctx, line, r.options.StartTimeout) }, "storage", line); err != nil {
			return err
		}
		_, err := r.programs.Run(ctx, "etcdctl", v, etcd.SaveArguments(server.URL, lowered))
		return err
	}); err != nil {
		return err
	}
	if err := r.checkLowered(line); err != nil {
		return err
	}
	return durable.RemoveAll(member)
}

func (r *run) checkLowered(line version.Line) error {
	if err := VerifySnapshot(r.loweredSnapshot()); err != nil {
		return err
	}
	facts, err := datadir.ReadDatabase(r.loweredSnapshot())
	if err != nil {
		return err
	}
	if facts.StorageVersion != line || facts.ClusterVersion != line {
		return fmt.Errorf("after the downgrade the snapshot has storage version %s and cluster version %s, not %s", facts.StorageVersion, facts.ClusterVersion, line)
	}
	return datadir.SameData(r.snapshotPath(), r.loweredSnapshot())
}
