package migration

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/durable"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/etcd"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/plan"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// restoreStep makes a new member of the snapshot in a new place.
func (r *run) restoreStep(ctx context.Context, step plan.Step) error {
	if err := VerifySnapshot(r.restoredSnapshot()); err != nil {
		return err
	}
	if err := r.clearRestored(); err != nil {
		return err
	}
	program, _, _ := strings.Cut(step.Program, "-")
	if err := r.restore(ctx, program, *step.Version, r.restoredSnapshot(), r.onRestored(ctx)); err != nil {
		return err
	}
	return r.verifyRestored()
}

// restoredSnapshot is the snapshot that is restored: the one that has been lowered, if the way needs that.
func (r *run) restoredSnapshot() string {
	for _, step := range r.plan.Steps {
		if step.Kind == plan.Lower {
			return r.loweredSnapshot()
		}
	}
	return r.snapshotPath()
}

// restore makes a member of a snapshot, as the configuration of the etcd that will run on it says.
func (r *run) restore(ctx context.Context, program string, v version.Version, snapshot string, config etcd.Config) error {
	log := config.WALDir
	if !etcd.CanPlaceLog(program, v) {
		config.WALDir = ""
	}
	if _, err := r.programs.Run(ctx, program, v, etcd.RestoreArguments(snapshot, config)); err != nil || log == config.WALDir {
		return err
	}
	made := filepath.Join(datadir.Paths{Data: config.DataDir}.Member(), "wal")
	if _, err := durable.CopyTree(made, log, nil); err != nil { // the place may be on another file system
		return err
	}
	return durable.RemoveAll(made)
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
func (r *run) verifyRestored() error {
	restored := datadir.Paths{Data: r.layout.restored(), WAL: r.layout.restoredLog()}
	return r.log.Step("compare", func() error { return datadir.SameData(r.snapshotPath(), restored.Database()) })
}

// migrateStorageStep takes back the storage version of the new member.
func (r *run) migrateStorageStep(ctx context.Context, v version.Version) error {
	return r.takeBackStorage(ctx, v, datadir.Paths{Data: r.layout.restored(), WAL: r.layout.restoredLog()})
}

func (r *run) takeBackStorage(ctx context.Context, v version.Version, member datadir.Paths) error {
	line := r.plan.Target.Version.Line()
	if member.WAL != "" { // etcdutl migrate knows one place for the log
		link := filepath.Join(member.Member(), "wal")
		if err := os.Symlink(member.WAL, link); err != nil {
			return err
		}
		defer os.Remove(link)
	}
	if _, err := r.programs.Run(ctx, "etcdutl", v, etcd.MigrateArguments(member.Data, line)); err != nil {
		return fmt.Errorf("%w; the other way is online: etcdctl downgrade enable %s while etcd %s runs", err, line, v)
	}
	facts, err := datadir.ReadDatabase(member.Database())
	if err != nil {
		return err
	}
	if now := facts.StorageVersion; !now.IsZero() && now != line {
		return fmt.Errorf("the storage version is still %s", now)
	}
	return nil
}

// tryStep starts the target's etcd on the new member: whatever is wrong shows before the old one is touched. A member of several cannot run alone, so
// for a cluster another member is made in the same way, that is alone in its own.
func (r *run) tryStep(ctx context.Context, v version.Version) error {
	if plan.Clustered(r.options.InitialCluster) <= 1 {
		if err := r.with(ctx, v, r.onRestored(ctx), v.Line(), nil); err != nil {
			return err
		}
		return r.verifyRestored()
	}
	trial := filepath.Join(r.layout.work, "trial")
	if err := durable.RemoveAll(trial); err != nil {
		return err
	}
	config := r.singleMember(ctx, trial)
	for _, step := range r.plan.Steps {
		switch step.Kind {
		case plan.Restore:
			program, _, _ := strings.Cut(step.Program, "-")
			if err := r.restore(ctx, program, *step.Version, r.restoredSnapshot(), config); err != nil {
				return err
			}
		case plan.MigrateStorage:
			if err := r.takeBackStorage(ctx, *step.Version, datadir.Paths{Data: trial}); err != nil {
				return err
			}
		}
	}
	if err := r.with(ctx, v, config, v.Line(), nil); err != nil {
		return err
	}
	if err := datadir.SameData(r.snapshotPath(), datadir.Paths{Data: trial}.Database()); err != nil {
		return err
	}
	return durable.RemoveAll(trial)
}

// singleMember is the configuration of a member that makes up its whole cluster, whatever the real one is.
func (r *run) singleMember(ctx context.Context, data string) etcd.Config {
	config := r.config(ctx)
	config.DataDir, config.WALDir = data, ""
	config.InitialAdvertisePeerURLs, _, _ = strings.Cut(config.InitialAdvertisePeerURLs, ",")
	config.InitialCluster = config.Name + "=" + config.InitialAdvertisePeerURLs
	return config
}
