package migration

import (
	"context"
	"fmt"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/etcd"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/plan"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// maxSettles is how often an etcd is started to settle its log. Each start by itself adds to the log, and so brings a snapshot of what was before.
const maxSettles = 4

// startStep runs a version until the cluster version has become its minor: until then the data is still that of the minor before. From 3.0 on it also
// leaves a raft snapshot that covers what the next minors cannot read: 3.6 panics on most v2 requests in the log, 3.7 on all, and 3.5 believes a log
// that begins at 2.3 to be of 2.3.
func (r *run) startStep(ctx context.Context, v version.Version) error {
	if v.Major < 3 {
		if err := r.with(ctx, v, r.config(ctx), v.Line(), nil); err != nil {
			return err
		}
		return r.refresh()
	}
	return r.settle(ctx, v, r.config(ctx), nil)
}

// settle runs a version on a configuration, lets work do its part, and goes on until the log is settled.
func (r *run) settle(ctx context.Context, v version.Version, config etcd.Config, work func(*etcd.Server) error) error {
	paths := datadir.Paths{Data: config.DataDir, WAL: config.WALDir}
	for i := 0; i < maxSettles; i++ {
		// Where nothing else can be added to the log, each start adds the same number of entries; by turns the last of them is covered.
		config.SnapshotCount = 1 + i%2
		err := r.with(ctx, v, config, v.Line(), func(server *etcd.Server) error {
			if work != nil {
				if err := work(server); err != nil {
					return err
				}
				work = nil
			}
			return server.Settle(ctx, r.options.StartTimeout, func() bool { return isSettled(datadir.ReadLog(paths)) })
		})
		if err != nil {
			return err
		}
		facts, err := datadir.Read(paths)
		if err != nil {
			return fmt.Errorf("reading the data after etcd %s: %w", v, err)
		}
		if paths.Data == r.layout.paths.Data {
			r.facts = facts
		}
		if isSettled(facts) && !facts.SnapshotAhead {
			return r.checkV2Keys(v.Line(), facts)
		}
		r.log.Info("the log is not settled yet", "etcd", v, "snapshot", facts.SnapshotIndex, "last", facts.LastIndex)
	}
	return fmt.Errorf("etcd %s was started %d times, and no raft snapshot covers its log: run migrate again; if that does not help, "+
		"start this etcd with --snapshot-count=1 yourself, and stop what writes to its v2 store", v, maxSettles)
}

// checkV2Keys looks at the v2 store again once a raft snapshot says for sure what is in it.
func (r *run) checkV2Keys(line version.Line, facts *datadir.Facts) error {
	if !facts.V2Keys || line.AtLeast(3, 6) || !r.plan.Target.Version.Line().AtLeast(3, 6) || skipsV2Check(r.options.Extra) {
		return nil
	}
	return fmt.Errorf("%w: %s", plan.ErrRefused, plan.V2KeysLeft)
}

// isSettled reports whether every later minor can read the log.
func isSettled(facts *datadir.Facts) bool {
	return facts.HasSnapshot && facts.V2Requests == 0 && facts.V2Records == 0 && facts.FirstVersion.Major != 2
}

// refresh reads the facts again after an etcd has run.
func (r *run) refresh() error {
	facts, err := datadir.Read(r.layout.paths)
	if err != nil {
		return fmt.Errorf("reading the data: %w", err)
	}
	r.facts = facts
	return nil
}
