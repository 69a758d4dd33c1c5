package migration

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/durable"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/etcd"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/journal"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/lock"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/options"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/plan"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/report"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// ErrStep is the class of failures of a step: the data is in place, and the next run goes on.
var ErrStep = errors.New("the migration failed")

// Migration is one run.
type Migration struct {
	options  *options.Options
	log      *report.Log
	layout   layout
	programs etcd.Programs
	journal  *journal.Journal
	owner    *durable.Owner
	facts    *datadir.Facts
	resumed  bool // an earlier run made a backup and did not finish
	now      func() time.Time
}

// New prepares a run; it looks at nothing yet.
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
	m.facts = state.Facts
	o := m.options
	return plan.Make(plan.Input{
		State: state, Leftovers: m.layout.leftovers(), Target: o.Target, Bundle: o.Bundle,
		HasEtcdutl: func(v version.Version) bool { return m.programs.Has("etcdutl", v) },
		Name:       o.Name, InitialCluster: o.InitialCluster, Backup: o.Backup, MoveBinaries: o.MoveBinaries,
		NewCluster: o.NewCluster, FromSnapshot: o.Snapshot != "",
	})
}

// Pending is the journal of a run that did not finish; nil if there is none.
func (m *Migration) Pending() (*journal.Journal, error) { return journal.Load(m.layout.work) }

// Run brings the data directory to the target.
func (m *Migration) Run(ctx context.Context) error {
	if durable.Exists(m.layout.paths.Data) {
		release, err := lock.Acquire(m.layout.paths.Data, lock.Patience)
		if err != nil {
			return err
		}
		defer release()
	}
	if err := m.resume(); err != nil {
		return err
	}
	p, err := m.Plan()
	for _, warning := range p.Warnings {
		m.log.Warn(warning)
	}
	if err != nil {
		return err
	}
	if p.Changes() && durable.Exists(m.layout.paths.Data) {
		if err := lock.CheckIdle(m.layout.paths, lock.Patience); err != nil {
			return err
		}
		// What was read while another etcd was about to stop may be old by now.
		if p, err = m.Plan(); err != nil {
			return err
		}
	}
	return m.execute(ctx, p)
}

func (m *Migration) execute(ctx context.Context, p *plan.Plan) error {
	current := "nothing"
	if p.Known {
		current = p.Current.String()
	}
	m.log.Info("plan", "from", current, "to", p.Target, "steps", len(p.Steps), "data-dir", m.layout.paths.Data)
	if err := m.checkBinaries(); err != nil {
		return err
	}
	if p.Swaps() && linkedLog(m.layout.paths) != "" {
		return fmt.Errorf("%w: member/wal is a symbolic link; name the log's folder with --wal-dir instead", plan.ErrRefused)
	}
	if owner, err := durable.OwnerOf(m.layout.paths.Member()); err == nil {
		m.owner = &owner
	}
	for i, step := range p.Steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := m.step(ctx, p, i); err != nil {
			return stepError(step.Kind, err)
		}
	}
	return m.tidy()
}

// step runs one step, noted in the journal before if it changes data.
func (m *Migration) step(ctx context.Context, p *plan.Plan, i int) error {
	step := p.Steps[i]
	if needsJournal(step.Kind) {
		if err := m.note(p, i); err != nil {
			return err
		}
	}
	pairs := []any{}
	if step.Program != "" {
		pairs = append(pairs, "program", step.Program)
	}
	if step.Record != nil {
		pairs = append(pairs, "version", step.Record)
	}
	return m.log.Step(string(step.Kind), func() error { return m.perform(ctx, p, step) }, pairs...)
}

func needsJournal(kind plan.Kind) bool {
	switch kind {
	case plan.Initialise, plan.Record, plan.Binaries, plan.Backup:
		return false
	}
	return true
}

// note writes the step to the journal, with the version that the data will have once the next version.txt is written.
func (m *Migration) note(p *plan.Plan, i int) error {
	if m.journal == nil {
		var id [8]byte
		if _, err := rand.Read(id[:]); err != nil {
			return err
		}
		m.journal = journal.New(hex.EncodeToString(id[:]), p.Current, p.Target, m.now())
		if err := durable.MakeDir(m.layout.work, 0o700); err != nil {
			return err
		}
	}
	if m.options.Backup {
		m.journal.Backup = m.layout.backups.Base
	}
	m.journal.Step = string(p.Steps[i].Kind) + ": " + p.Steps[i].Text
	for _, later := range p.Steps[i:] {
		if later.Record != nil {
			m.journal.To = later.Record.String()
			break
		}
	}
	if m.journal.Phase == journal.Swapped { // by an earlier step of the same plan
		if err := m.tidySwap(); err != nil {
			return err
		}
	}
	return m.journal.Save(m.layout.work, m.now())
}

func (m *Migration) perform(ctx context.Context, p *plan.Plan, step plan.Step) error {
	switch step.Kind {
	case plan.Initialise:
		return durable.MakeDir(m.layout.paths.Data, 0o777)
	case plan.Backup:
		return m.backup(p)
	case plan.Start:
		return m.startStep(ctx, *step.Version)
	case plan.Snapshot:
		return m.snapshotStep(ctx, *step.Version)
	case plan.Restore:
		return m.restoreStep(ctx, step)
	case plan.MigrateStorage:
		return m.migrateStorageStep(ctx, p, *step.Version)
	case plan.Swap:
		return m.swapStep()
	case plan.Convert:
		return m.convertStep(ctx, *step.Version)
	case plan.Replay:
		return m.replayStep(ctx, *step.Version)
	case plan.Record:
		return m.record(*step.Record)
	case plan.Binaries:
		return m.moveBinaries(*step.Version)
	}
	return fmt.Errorf("there is no step %s", step.Kind)
}

func (m *Migration) backup(p *plan.Plan) error {
	if m.layout.backups.Current(m.facts, p.Current.Version.Line(), m.resumed) {
		m.log.Info("the newest backup is of this very data", "backup", m.layout.backups.Base)
		return nil
	}
	if err := durable.MakeDir(filepath.Dir(m.layout.backups.Base), 0o700); err != nil {
		return err
	}
	return m.layout.backups.Make(m.layout.paths, m.facts, p.Current.String(), m.now())
}

// record writes version.txt, unless it says so already: a file that is not written cannot be lost to a full disk.
func (m *Migration) record(pair version.Pair) error {
	path := filepath.Join(m.layout.paths.Data, datadir.VersionFile)
	if state, err := datadir.Inspect(datadir.Paths{Data: m.layout.paths.Data}); err == nil && state.HasFile && state.Bad == "" && state.Record == pair {
		return nil
	}
	return durable.WriteFile(path, []byte(pair.String()), 0o666)
}

// tidy removes what the migration needed, once everything is done. After a swap the old member goes too: the backup holds it.
func (m *Migration) tidy() error {
	if m.journal == nil {
		return nil
	}
	if err := m.tidySwap(); err != nil {
		return err
	}
	m.journal = nil
	return m.removeWork()
}

// tidySwap makes an end of a swap: no marker, and no old member beside the new one.
func (m *Migration) tidySwap() error {
	if m.journal.Phase != journal.Swapped {
		return nil
	}
	if err := m.removeMarkers(); err != nil {
		return err
	}
	if m.journal.Backup == "" {
		if err := m.keepOldMember(); err != nil {
			return err
		}
	}
	if err := m.clearRestored(); err != nil {
		return err
	}
	m.journal.Phase = journal.Working
	return m.journal.Save(m.layout.work, m.now())
}
