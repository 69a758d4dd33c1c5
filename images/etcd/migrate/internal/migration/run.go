package migration

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/durable"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/journal"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/lock"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/plan"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// run is one run of a migration, with what it has read and noted so far.
type run struct {
	*Migration
	plan    *plan.Plan
	facts   *datadir.Facts // of the data as it was last read: once before the first step, again after each etcd that wrote to it
	journal *journal.Journal
	owner   *durable.Owner
	resumed bool // an earlier run made a backup and did not finish
}

// Run brings the data directory to the target.
func (m *Migration) Run(ctx context.Context) error {
	if durable.Exists(m.layout.paths.Data) {
		release, err := lock.Acquire(m.layout.paths.Data, lock.Patience)
		if err != nil {
			return err
		}
		defer release()
	}
	r := &run{Migration: m}
	if err := r.resume(); err != nil {
		return err
	}
	err := r.readIdle()
	if r.plan != nil {
		for _, warning := range r.plan.Warnings {
			m.log.Warn(warning)
		}
	}
	if err != nil {
		return err
	}
	if r.plan.Changes() && durable.Exists(m.layout.paths.Data) {
		if err := r.awaitIdle(); err != nil {
			return err
		}
	}
	return r.execute(ctx)
}

// read inspects the data directory and makes the plan for it.
func (r *run) read() error {
	state, err := datadir.Inspect(r.layout.paths)
	if err != nil {
		return err
	}
	r.facts = state.Facts
	r.plan, err = r.planFor(state)
	return err
}

// readIdle reads the data, and once more if another process kept a part of it from being read.
func (r *run) readIdle() error {
	err := r.read()
	if r.facts == nil || r.facts.InUse == "" {
		return err
	}
	if err := lock.CheckIdle(r.layout.paths, lock.Patience); err != nil {
		return err
	}
	if err := r.read(); r.facts.InUse == "" {
		return err
	}
	return fmt.Errorf("%w: %s", lock.ErrLive, r.facts.InUse)
}

// awaitIdle makes sure that no etcd has the data open. What was read while another one was about to stop is read again.
func (r *run) awaitIdle() error {
	err := lock.CheckIdle(r.layout.paths, 0)
	if !errors.Is(err, lock.ErrLive) {
		return err
	}
	if err := lock.CheckIdle(r.layout.paths, lock.Patience); err != nil {
		return err
	}
	return r.read()
}

func (r *run) execute(ctx context.Context) error {
	current := "nothing"
	if r.plan.Known {
		current = r.plan.Current.String()
	}
	r.log.Info("plan", "from", current, "to", r.plan.Target, "steps", len(r.plan.Steps), "data-dir", r.layout.paths.Data)
	if owner, err := durable.OwnerOf(r.layout.paths.Member()); err == nil {
		r.owner = &owner
	}
	for i, step := range r.plan.Steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.step(ctx, i); err != nil {
			return stepError(step.Kind, err)
		}
	}
	return r.tidy()
}

// step runs one step, noted in the journal before if it changes data.
func (r *run) step(ctx context.Context, i int) error {
	step := r.plan.Steps[i]
	if needsJournal(step.Kind) {
		if err := r.note(i); err != nil {
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
	return r.log.Step(string(step.Kind), func() error { return r.perform(ctx, step) }, pairs...)
}

func needsJournal(kind plan.Kind) bool {
	switch kind {
	case plan.Initialise, plan.Record, plan.Binaries, plan.Backup:
		return false
	}
	return true
}

// note writes the step to the journal, with the version that the data will have once the next version.txt is written.
func (r *run) note(i int) error {
	if r.journal == nil {
		var id [8]byte
		if _, err := rand.Read(id[:]); err != nil {
			return err
		}
		r.journal = journal.New(hex.EncodeToString(id[:]), r.plan.Current, r.plan.Target, r.now())
		if err := durable.MakeDir(r.layout.work, 0o700); err != nil {
			return err
		}
	}
	if r.options.Backup {
		r.journal.Backup = r.layout.backups.Base
	}
	r.journal.Step = string(r.plan.Steps[i].Kind) + ": " + r.plan.Steps[i].Text
	for _, later := range r.plan.Steps[i:] {
		if later.Record != nil {
			r.journal.To = later.Record.String()
			break
		}
	}
	if r.journal.Phase == journal.Swapped { // by an earlier step of the same plan
		if err := r.tidySwap(); err != nil {
			return err
		}
	}
	return r.journal.Save(r.layout.work, r.now())
}

func (r *run) perform(ctx context.Context, step plan.Step) error {
	switch step.Kind {
	case plan.Initialise:
		return durable.MakeDir(r.layout.paths.Data, 0o777)
	case plan.Backup:
		return r.backup()
	case plan.Start, plan.Settle:
		return r.startStep(ctx, *step.Version)
	case plan.Snapshot:
		return r.snapshotStep(ctx, *step.Version)
	case plan.Lower:
		return r.lowerStep(ctx, *step.Version)
	case plan.Restore:
		return r.restoreStep(ctx, step)
	case plan.MigrateStorage:
		return r.migrateStorageStep(ctx, *step.Version)
	case plan.Try:
		return r.tryStep(ctx, *step.Version)
	case plan.Swap:
		return r.swapStep()
	case plan.Convert:
		return r.convertStep(ctx, *step.Version)
	case plan.Replay:
		return r.replayStep(ctx, *step.Version)
	case plan.Record:
		return r.record(*step.Record)
	case plan.Binaries:
		return r.moveBinaries(*step.Version)
	}
	return fmt.Errorf("there is no step %s", step.Kind)
}

func (r *run) backup() error {
	if r.layout.backups.Current(r.layout.paths, r.facts, r.plan.Current.Version.Line(), r.resumed) {
		r.log.Info("the newest backup is of this very data", "backup", r.layout.backups.Base)
		return nil
	}
	if err := durable.MakeDir(filepath.Dir(r.layout.backups.Base), 0o700); err != nil {
		return err
	}
	return r.layout.backups.Make(r.layout.paths, r.facts, r.plan.Current.String(), r.now())
}

// record writes version.txt, unless it says so already: a file that is not written cannot be lost to a full disk.
func (r *run) record(pair version.Pair) error {
	recorded, exists, bad, err := datadir.ReadVersionFile(r.layout.paths.Data)
	if err == nil && exists && bad == "" && recorded == pair {
		return nil
	}
	return durable.WriteFile(filepath.Join(r.layout.paths.Data, datadir.VersionFile), []byte(pair.String()), 0o666)
}
