package migration

import (
	"errors"
	"time"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/etcd"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/journal"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/options"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/plan"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/report"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/v2store"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// ErrStep is the class of failures of a step: the data is in place, and the next run goes on.
var ErrStep = errors.New("the migration failed")

// Migration is what is wanted of a data directory. It holds nothing that was read from it.
type Migration struct {
	options  *options.Options
	log      *report.Log
	layout   layout
	programs etcd.Programs
	now      func() time.Time
}

// New prepares a migration; it reads no data yet.
func New(o *options.Options, log *report.Log) *Migration {
	m := &Migration{options: o, log: log, layout: newLayout(o), now: time.Now}
	m.programs = etcd.Programs{Dir: o.BinDir, Timeout: o.StepTimeout, Secrets: etcd.Config{Extra: o.Extra}.Secrets()}
	if log.Verbose() {
		m.programs.OnLine = func(line string) { log.Debug("output", "line", line) }
	}
	return m
}

// Plan says what Run would do. It changes nothing.
func (m *Migration) Plan() (*plan.Plan, error) {
	state, err := datadir.Inspect(m.layout.paths)
	if err != nil {
		return &plan.Plan{Target: m.options.Target}, err
	}
	return m.planFor(state)
}

// planFor makes the plan for a data directory in a known state.
func (m *Migration) planFor(state *datadir.State) (*plan.Plan, error) {
	o := m.options
	return plan.Make(plan.Input{
		State: state, Leftovers: m.layout.leftovers(), Target: o.Target, Bundle: o.Bundle,
		HasEtcdutl: func(v version.Version) bool { return m.programs.Has("etcdutl", v) },
		Name:       o.Name, InitialCluster: o.InitialCluster, Backup: o.Backup, MoveBinaries: o.MoveBinaries,
		NewCluster: o.NewCluster, FromSnapshot: o.Snapshot != "",
		ImmovableBinaries: m.immovableBinaries(), LinkedLog: linkedLog(m.layout.paths) != "",
		SkipV2Check: skipsV2Check(o.Extra), BadSnapshot: badSnapshot(o.Snapshot), Credentials: o.User != "",
		FitsV2: func() error { return v2store.Fits(m.layout.paths.Database()) },
	})
}

// badSnapshot looks at a snapshot as far as that takes no time; its checksum is looked at before it is restored.
func badSnapshot(path string) error {
	if path == "" {
		return nil
	}
	_, err := datadir.ReadDatabase(path)
	return err
}

func skipsV2Check(extra []etcd.Flag) bool {
	for _, f := range extra {
		if f.Name == "v2-deprecation" && f.Value == etcd.SkipV2Check {
			return true
		}
	}
	return false
}

// Pending is the journal of a run that did not finish; nil if there is none.
func (m *Migration) Pending() (*journal.Journal, error) { return journal.Load(m.layout.work) }

// SafeToStart reports whether an etcd that is started now finds its data, or rightly begins anew. It would make a new, empty member in the place
// of one that is missing.
func (m *Migration) SafeToStart() bool {
	state, err := datadir.Inspect(m.layout.paths)
	if err != nil {
		return false
	}
	return state.Content == datadir.Data || len(m.layout.leftovers()) == 0
}
