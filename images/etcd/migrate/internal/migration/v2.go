package migration

import (
	"context"
	"errors"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/durable"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/etcd"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/v2store"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// onRestored is the configuration of an etcd on the new member.
func (r *run) onRestored(ctx context.Context) etcd.Config {
	config := r.config(ctx)
	config.DataDir, config.WALDir = r.layout.restored(), r.layout.restoredLog()
	return config
}

// convertStep turns v2 keys into v3 keys, on a copy: etcdctl migrate changes files in place, and could be interrupted.
func (r *run) convertStep(ctx context.Context, v version.Version) error {
	if err := r.clearRestored(); err != nil {
		return err
	}
	if err := durable.MakeDir(r.layout.restored(), 0o700); err != nil {
		return err
	}
	restored := datadir.Paths{Data: r.layout.restored(), WAL: r.layout.restoredLog()}
	if _, err := durable.CopyTree(r.layout.paths.Member(), restored.Member(), nil); err != nil {
		return err
	}
	if restored.WAL != "" {
		if _, err := durable.CopyTree(r.layout.paths.WAL, restored.WAL, nil); err != nil {
			return err
		}
	}
	if _, err := r.programs.Run(ctx, "etcdctl", v, etcd.ConvertArguments(r.onRestored(ctx))); err != nil {
		return err
	}
	if err := r.checkConverted(restored.Database()); err != nil {
		return err
	}
	return r.settle(ctx, v, r.onRestored(ctx), func(server *etcd.Server) error {
		gateway := v2store.NewGateway(server.URL, etcd.ClientPaths(v.Line()))
		count, err := gateway.AttachLease(ctx, r.options.TTLDirectory)
		r.log.Info("keys under one lease", "directory", r.options.TTLDirectory, "keys", count)
		if err != nil || !r.plan.Target.Version.Line().AtLeast(3, 6) {
			return err
		}
		return v2store.NewStore(server.URL).Clear(ctx) // 3.6 refuses a v2 store with keys, and all of them are v3 keys by now
	})
}

// checkConverted refuses a conversion that made nothing of something.
func (r *run) checkConverted(database string) error {
	count := 0
	if err := datadir.EachLiveKey(database, func(datadir.KeyValue) error { count++; return nil }); err != nil {
		return err
	}
	r.log.Info("keys converted", "keys", count)
	if count == 0 && r.facts.V2Keys {
		return errors.New("there are v2 keys, and etcdctl migrate made no v3 keys of them")
	}
	return nil
}

// replayStep writes the keys of the snapshot into a new member of 2.3.
func (r *run) replayStep(ctx context.Context, v version.Version) error {
	if err := r.clearRestored(); err != nil {
		return err
	}
	if err := durable.MakeDir(r.layout.restored(), 0o700); err != nil {
		return err
	}
	config := r.onRestored(ctx)
	config.Extra = append([]etcd.Flag{{Name: "initial-cluster-state", Value: "new", HasValue: true}}, config.Extra...)
	return r.with(ctx, v, config, version.Line{}, func(server *etcd.Server) error {
		counts, err := v2store.Replay(ctx, r.snapshotPath(), v2store.NewStore(server.URL))
		r.log.Info("keys replayed", "written", counts.Written, "with-ttl", counts.Leased, "skipped", counts.Skipped)
		if counts.Skipped > 0 {
			r.log.Warn("keys without a leading slash have no place in a v2 store and were left out", "keys", counts.Skipped)
		}
		return err
	})
}
