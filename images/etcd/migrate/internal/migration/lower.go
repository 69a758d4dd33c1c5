package migration

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

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
	member, line := filepath.Join(r.layout.work, "lowered"), r.plan.Target.Version.Line()
	if err := durable.RemoveAll(member); err != nil {
		return err
	}
	config := r.singleMember(ctx, member)
	if err := r.restore(ctx, "etcdutl", v, r.snapshotPath(), config); err != nil {
		return err
	}
	config.SnapshotCount = 1 // the storage version can only move back once a snapshot covers the entries that are new in this minor
	cluster, err := r.clusterOfSnapshot(v.Line())
	if err != nil {
		return err
	}
	tools := r.programs
	if r.facts.AuthEnabled {
		tools.User, tools.Password, tools.Secrets = r.options.User, r.options.Password, append([]string{r.options.Password}, tools.Secrets...)
	}
	err = r.with(ctx, v, config, cluster, func(server *etcd.Server) error {
		for i := 1; ; i++ {
			err := r.lowerOnce(ctx, tools, server, line)
			if err == nil || i == maxLowers || ctx.Err() != nil {
				return err
			}
			r.log.Info("the snapshot is not usable, and is taken again", "reason", err)
		}
	})
	if err != nil {
		return err
	}
	return durable.RemoveAll(member)
}

// clusterOfSnapshot is the cluster version to wait for: that of the etcd that runs, unless the snapshot was taken in the middle of a downgrade, which goes on.
func (r *run) clusterOfSnapshot(line version.Line) (version.Line, error) {
	facts, err := datadir.ReadDatabase(r.snapshotPath())
	if err != nil || facts.ClusterVersion.Less(line) {
		return version.Line{}, err
	}
	return line, nil
}

// isUnderWay tells what etcdctl says of a downgrade that was enabled before: while it lasts, and once the cluster version has followed, from where the
// same target is one minor too few. That nothing comes of it shows in the storage version.
func isUnderWay(err error) bool {
	return strings.Contains(err.Error(), "downgrade job in progress") || strings.Contains(err.Error(), "invalid downgrade target version")
}

// maxLowers is how often the snapshot is taken until it has caught the right moment.
const maxLowers = 3

// lowerOnce enables the downgrade, waits for it, ends it, and takes the snapshot. It is ended, since the lower minor would find it enabled for as long as its
// own check takes, and the one below that refuses such data. Some seconds later this etcd would go up again, which the check of the snapshot notices.
func (r *run) lowerOnce(ctx context.Context, tools etcd.Programs, server *etcd.Server, line version.Line) error {
	if err := durable.RemoveAll(r.loweredSnapshot()); err != nil {
		return err
	}
	if _, err := tools.Run(ctx, "etcdctl", server.Version, etcd.DowngradeArguments(server.URL, line)); err != nil && !isUnderWay(err) {
		return err
	}
	if err := r.log.Step("await", func() error { return server.AwaitDowngrade(ctx, line, r.options.StartTimeout) }, "downgrade", line); err != nil {
		return err
	}
	if _, err := tools.Run(ctx, "etcdctl", server.Version, etcd.CancelArguments(server.URL)); err != nil {
		return err
	}
	if _, err := tools.Run(ctx, "etcdctl", server.Version, etcd.SaveArguments(server.URL, r.loweredSnapshot())); err != nil {
		return err
	}
	return r.checkLowered(line)
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
