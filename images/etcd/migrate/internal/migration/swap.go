package migration

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/durable"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/journal"
)

// marker is a file in a folder that is to be swapped in. It tells after a crash which of two folders is the new one; etcd ignores it.
const marker = "restored-by-migrate"

// replacement is a folder and what replaces it; aside is where the old one waits if the two cannot be exchanged in one step.
type replacement struct{ live, fresh, aside string }

// replacements are the folders that a swap exchanges, in order.
func (l layout) replacements() []replacement {
	list := []replacement{{l.paths.Member(), filepath.Join(l.restored(), "member"), filepath.Join(l.work, "old-member")}}
	if l.paths.WAL != "" { // the log first: a member without its log is what etcd refuses, a log without its member it would not notice
		list = append([]replacement{{l.paths.WAL, l.restoredLog(), l.paths.WAL + ".migrate-old"}}, list...)
	}
	return list
}

func (r *run) swapStep() error {
	for _, f := range r.layout.replacements() {
		if err := r.prepare(f); err != nil {
			return err
		}
	}
	r.journal.Phase = journal.Swapping
	if err := r.journal.Save(r.layout.work, r.now()); err != nil {
		return err
	}
	moves, err := swapSteps(r.folderStates())
	if err != nil {
		return r.explain(err)
	}
	return r.recover(append(moves, recoveryStep{Kind: noteSwapped}))
}

// prepare gives a new folder the mode and the owner of the one it replaces, marks it, and makes it survive a crash.
func (r *run) prepare(f replacement) error {
	info, err := os.Stat(f.live)
	if err != nil {
		return err
	}
	if err := os.Chmod(f.fresh, info.Mode().Perm()); err != nil {
		return err
	}
	if err := durable.WriteFile(filepath.Join(f.fresh, marker), []byte(r.journal.ID), 0o600); err != nil {
		return err
	}
	if owner, err := durable.OwnerOf(f.live); err != nil {
		return err
	} else if err := durable.GiveTree(f.fresh, owner); err != nil {
		return err
	}
	return durable.SyncTree(f.fresh)
}

func (r *run) marked(folder string) bool {
	if r.journal == nil {
		return false
	}
	content, err := os.ReadFile(filepath.Join(folder, marker))
	return err == nil && string(content) == r.journal.ID
}

// exchange lets the two folders change places, in one step where the system can.
func (f replacement) exchange() error {
	if done, err := durable.Exchange(f.live, f.fresh); done || err != nil {
		if err != nil {
			return err
		}
		if err := durable.SyncDir(filepath.Dir(f.live)); err != nil {
			return err
		}
		return durable.SyncDir(filepath.Dir(f.fresh))
	}
	err := durable.Rename(f.live, f.aside)
	if err == nil {
		err = durable.Rename(f.fresh, f.live)
	}
	if err != nil && !durable.Exists(f.live) {
		_ = os.Rename(f.aside, f.live) // rather the old data in place than none
	}
	return err
}

// tidy removes what the migration needed, once everything is done. After a swap the old member goes too: the backup holds it.
func (r *run) tidy() error {
	if r.journal == nil {
		return nil
	}
	if err := r.tidySwap(); err != nil {
		return err
	}
	r.journal = nil
	return r.removeWork()
}

// tidySwap makes an end of a swap: no marker, and no old member beside the new one.
func (r *run) tidySwap() error {
	if r.journal.Phase != journal.Swapped {
		return nil
	}
	if err := r.removeMarkers(); err != nil {
		return err
	}
	if r.journal.Backup == "" {
		if err := r.keepOldMember(); err != nil {
			return err
		}
	}
	if err := r.clearRestored(); err != nil {
		return err
	}
	r.journal.Phase = journal.Working
	return r.journal.Save(r.layout.work, r.now())
}

// removeMarkers is for after the journal says that the new folders are in place: without it they would be told apart no more.
func (r *run) removeMarkers() error {
	for _, f := range r.layout.replacements() {
		if err := os.Remove(filepath.Join(f.live, marker)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// keepOldMember makes the old member the backup where no other was wanted: it costs nothing.
func (r *run) keepOldMember() error {
	all, log := r.layout.replacements(), r.layout.paths.WAL
	member := all[len(all)-1]
	if log != "" && durable.Exists(r.layout.restoredLog()) {
		if err := durable.RemoveAll(log + ".bak"); err != nil {
			return err
		}
		if err := durable.Rename(r.layout.restoredLog(), log+".bak"); err != nil {
			return err
		}
	}
	if durable.Exists(member.aside) {
		if err := durable.MakeDir(r.layout.restored(), 0o700); err != nil {
			return err
		}
		if err := durable.Rename(member.aside, member.fresh); err != nil {
			return err
		}
	}
	if !durable.Exists(member.fresh) {
		return nil
	}
	return r.layout.backups.Adopt(r.layout.restored())
}
