package migration

import (
	"context"
	"os"
	"runtime"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/check"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/durable"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/lock"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/plan"
)

// Survey collects what the checks look at.
func (m *Migration) Survey(ctx context.Context, environment []string) (check.Input, error) {
	in := check.Input{Options: m.options, Environment: environment, Free: -1}
	var err error
	if in.State, err = datadir.Inspect(m.layout.paths); err != nil {
		return in, err
	}
	in.Plan, in.Refusal = m.planFor(in.State)
	if m.programs.Has("etcd", m.options.Target.Version) {
		in.Known = m.programs.Flags(ctx, m.options.Target.Version)
	}
	in.Live = lock.CheckIdle(m.layout.paths, 0)
	if info, err := os.Stat(m.layout.paths.Data); err == nil && runtime.GOOS != "windows" {
		in.Mode = uint32(info.Mode().Perm())
		owner, err := durable.OwnerOf(m.layout.paths.Data)
		in.Foreign = err == nil && os.Geteuid() != 0 && !durable.Mine(owner)
	}
	if in.State.Facts.Present {
		in.Free, in.Need = m.space(in.Plan)
	}
	return in, nil
}

// space is what is free where backups and new members are made, and what they take: one copy of the data, and as much again for what
// a temporary etcd or a restored member writes; twice more for a temporary member and the snapshot of it.
func (m *Migration) space(p *plan.Plan) (free, need int64) {
	size, err := durable.Measure(m.layout.paths.Data, map[string]bool{datadir.WorkName: true})
	if err != nil || !p.Changes() {
		return -1, 0
	}
	if free, err = durable.Free(m.layout.backups.Base); err != nil {
		return -1, 0
	}
	copies := int64(2)
	for _, step := range p.Steps {
		if step.Kind == plan.Lower {
			copies = 4
		}
	}
	return free, copies * size
}
