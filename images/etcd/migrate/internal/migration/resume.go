package migration

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/durable"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/journal"
)

// ErrConflict means that somebody made a new member while a migration was interrupted.
var ErrConflict = errors.New("an interrupted migration, and data that it did not make")

// errNoWayBack stands for a journal that cannot be read where there is no data either; the journal's own error says why.
var errNoWayBack = errors.New("no data and no journal that can be read")

// resume finishes a swap that an earlier run began, and forgets whatever else it left: that is made again, from the data as it is now.
func (r *run) resume() error {
	j, err := journal.Load(r.layout.work)
	if err != nil && !errors.Is(err, journal.ErrInvalid) {
		return err
	}
	invalid := err
	if j != nil {
		r.journal, r.resumed = j, j.Backup != ""
		r.log.Info("an earlier run did not finish", "step", j.Step, "phase", j.Phase, "from", j.From, "to", j.To, "begun", j.Started)
	}
	found := remains{Journal: stateOf(j, invalid), Database: durable.Exists(r.layout.paths.Database()), Folders: r.folderStates()}
	todo, err := recoverySteps(found)
	if errors.Is(err, errNoWayBack) {
		return invalid
	}
	if err != nil {
		return r.explain(err)
	}
	if invalid != nil {
		r.log.Warn("the journal cannot be used, and is put aside; the data is complete without it", "error", invalid)
	}
	if found.Journal != journalSwapping && found.Journal != journalSwapped || todo[0].Kind == discardWork {
		return r.recover(todo)
	}
	return r.log.Step("finish", func() error { return r.recover(todo) }, "version", r.journal.Target())
}

func stateOf(j *journal.Journal, invalid error) journalState {
	switch {
	case invalid != nil:
		return invalidJournal
	case j == nil:
		return noJournal
	case j.Phase == journal.Swapping:
		return journalSwapping
	case j.Phase == journal.Swapped:
		return journalSwapped
	}
	return journalWorking
}

// folderStates looks where the old and the new form of each folder are.
func (r *run) folderStates() []folderState {
	var states []folderState
	for _, f := range r.layout.replacements() {
		states = append(states, folderState{Live: durable.Exists(f.live), LiveNew: r.marked(f.live), FreshNew: r.marked(f.fresh), Aside: durable.Exists(f.aside)})
	}
	return states
}

// recover carries out the steps in order. Whatever interrupts it, the next run finds one of the states that recoverySteps knows.
func (r *run) recover(todo []recoveryStep) error {
	for _, step := range todo {
		if err := r.recoverStep(step); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) recoverStep(step recoveryStep) error {
	switch step.Kind {
	case clearDebris:
		return r.removeDebris()
	case setAside:
		path := filepath.Join(r.layout.work, journal.Name)
		return durable.Rename(path, path+".invalid")
	case discardWork:
		r.journal = nil
		return r.removeWork()
	case moveIn:
		f := r.layout.replacements()[step.Folder]
		return durable.Rename(f.fresh, f.live)
	case exchange:
		return r.layout.replacements()[step.Folder].exchange()
	case noteSwapped:
		r.journal.Phase = journal.Swapped
		return r.journal.Save(r.layout.work, r.now())
	case recordTarget:
		return r.record(r.journal.Target())
	case tidyUp:
		return r.tidy()
	}
	return fmt.Errorf("recovery knows no step %q", step.Kind)
}

// explain says with the paths what a person has to decide about.
func (r *run) explain(err error) error {
	var c *conflict
	if !errors.As(err, &c) {
		return err
	}
	f := r.layout.replacements()[c.folder]
	switch c.reason {
	case madeMeantime:
		return fmt.Errorf("%w: the old data is in %s, the new one in %s, and %s was made meanwhile; move away the one that is not wanted",
			ErrConflict, f.aside, f.fresh, f.live)
	case newOneGone:
		return fmt.Errorf("%w: the migration had put the new data in %s, and it is gone; move it back, or a backup into its place",
			ErrConflict, f.live)
	}
	return fmt.Errorf("%w: neither %s nor %s is the new one; put the backup into place and remove %s",
		ErrConflict, f.live, f.fresh, r.layout.work)
}

// removeWork removes the work folder with what is in it, the journal last.
func (r *run) removeWork() error {
	l := r.layout
	if log := l.restoredLog(); log != "" {
		for _, folder := range []string{log, l.paths.WAL + ".migrate-old"} {
			if err := durable.RemoveAll(folder); err != nil {
				return err
			}
		}
	}
	if !l.inside {
		return durable.RemoveAll(l.work)
	}
	for _, name := range append(append([]string{}, workNames...), journal.Name) {
		if err := durable.RemoveAll(filepath.Join(l.work, name)); err != nil {
			return err
		}
	}
	_ = os.Remove(l.work) // stays while a backup is in it
	return nil
}

// removeDebris removes what a run that was killed before its journal, or after it, left behind.
func (r *run) removeDebris() error {
	l := r.layout
	for _, path := range []string{l.work + ".removed", l.backups.Base + ".partial", filepath.Join(l.work, "snapshot.partial")} {
		if err := durable.RemoveAll(path); err != nil {
			return err
		}
	}
	_ = os.Remove(l.work) // if it is empty
	return nil
}
