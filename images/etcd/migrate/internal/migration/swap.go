package migration

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/durable"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/journal"
)

// marker is a file in a folder that is to be swapped in. It tells after a crash which of two folders is the new one; etcd ignores it.
const marker = "restored-by-migrate"

// ErrConflict means that somebody made a new member while a migration was interrupted.
var ErrConflict = errors.New("an interrupted migration, and data that it did not make")

// pair is a folder and what replaces it; aside is where the old one waits if the two cannot be exchanged in one step.
type pair struct{ live, fresh, aside string }

func (m *Migration) pairs() []pair {
	l := m.layout
	pairs := []pair{{l.paths.Member(), filepath.Join(l.restored(), "member"), filepath.Join(l.work, "old-member")}}
	if l.paths.WAL != "" { // the log first: a member without its log is what etcd refuses, a log without its member it would not notice
		pairs = append([]pair{{l.paths.WAL, l.restoredLog(), l.paths.WAL + ".migrate-old"}}, pairs...)
	}
	return pairs
}

func (m *Migration) swapStep() error {
	for _, p := range m.pairs() {
		if err := m.prepare(p); err != nil {
			return err
		}
	}
	m.journal.Phase = journal.Swapping
	if err := m.journal.Save(m.layout.work, m.now()); err != nil {
		return err
	}
	return m.completeSwap()
}

// prepare gives a new folder the mode and the owner of the one it replaces, marks it, and makes it survive a crash.
func (m *Migration) prepare(p pair) error {
	info, err := os.Stat(p.live)
	if err != nil {
		return err
	}
	if err := os.Chmod(p.fresh, info.Mode().Perm()); err != nil {
		return err
	}
	if err := durable.WriteFile(filepath.Join(p.fresh, marker), []byte(m.journal.ID), 0o600); err != nil {
		return err
	}
	if owner, err := durable.OwnerOf(p.live); err != nil {
		return err
	} else if err := durable.GiveTree(p.fresh, owner); err != nil {
		return err
	}
	return durable.SyncTree(p.fresh)
}

// completeSwap exchanges what is not yet exchanged, then notes that the new member is in place. It can be called again at any time.
func (m *Migration) completeSwap() error {
	for _, p := range m.pairs() {
		if err := m.exchange(p); err != nil {
			return err
		}
	}
	m.journal.Phase = journal.Swapped
	return m.journal.Save(m.layout.work, m.now())
}

func (m *Migration) marked(folder string) bool {
	content, err := os.ReadFile(filepath.Join(folder, marker))
	return err == nil && string(content) == m.journal.ID
}

func (m *Migration) exchange(p pair) error {
	if m.marked(p.live) {
		return nil
	}
	if !m.marked(p.fresh) {
		return fmt.Errorf("%w: neither %s nor %s is the new one", ErrConflict, p.live, p.fresh)
	}
	if !durable.Exists(p.live) {
		return durable.Rename(p.fresh, p.live)
	}
	if durable.Exists(p.aside) {
		return fmt.Errorf("%w: the old data is in %s, the new one in %s, and %s was made meanwhile; move away the one that is not wanted",
			ErrConflict, p.aside, p.fresh, p.live)
	}
	if done, err := durable.Exchange(p.live, p.fresh); done || err != nil {
		if err != nil {
			return err
		}
		if err := durable.SyncDir(filepath.Dir(p.live)); err != nil {
			return err
		}
		return durable.SyncDir(filepath.Dir(p.fresh))
	}
	err := durable.Rename(p.live, p.aside)
	if err == nil {
		err = durable.Rename(p.fresh, p.live)
	}
	if err != nil && !durable.Exists(p.live) {
		_ = os.Rename(p.aside, p.live) // rather the old data in place than none
	}
	return err
}

// SafeToStart reports whether an etcd that is started now finds its data, or rightly begins anew. It would make a new, empty member in the place
// of one that is missing.
func (m *Migration) SafeToStart() bool {
	state, err := datadir.Inspect(m.layout.paths)
	if err != nil {
		return false
	}
	return state.Content == datadir.Data || len(m.layout.leftovers()) == 0
}

// resume finishes a swap that an earlier run began, and forgets whatever else it left: that is made again, from the data as it is now.
func (m *Migration) resume() error {
	j, err := journal.Load(m.layout.work)
	if errors.Is(err, journal.ErrInvalid) && durable.Exists(m.layout.paths.Database()) {
		m.log.Warn("the journal cannot be used, and is put aside; the data is complete without it", "error", err)
		return durable.Rename(filepath.Join(m.layout.work, journal.Name), filepath.Join(m.layout.work, journal.Name+".invalid"))
	}
	if err != nil {
		return err
	}
	if j == nil {
		return m.removeDebris()
	}
	m.journal, m.resumed = j, j.Backup != ""
	m.log.Info("an earlier run did not finish", "step", j.Step, "phase", j.Phase, "from", j.From, "to", j.To, "begun", j.Started)
	if j.Phase == journal.Swapping && !m.swapBegun() {
		j.Phase = journal.Working
	}
	if j.Phase == journal.Working {
		m.journal = nil
		return m.removeWork()
	}
	return m.finishSwap()
}

// swapBegun reports whether any folder has been moved. If none has, the old data is complete, and may have been used since.
func (m *Migration) swapBegun() bool {
	for _, p := range m.pairs() {
		if m.marked(p.live) || durable.Exists(p.aside) || !durable.Exists(p.live) {
			return true
		}
	}
	return false
}

func (m *Migration) finishSwap() error {
	target := m.journal.Target()
	return m.log.Step("finish", func() error {
		if m.journal.Phase == journal.Swapping {
			if err := m.completeSwap(); err != nil {
				return err
			}
		}
		if err := m.record(target); err != nil {
			return err
		}
		return m.tidy()
	}, "version", target)
}

// removeMarkers is for after the journal says that the new folders are in place: without it they would be told apart no more.
func (m *Migration) removeMarkers() error {
	for _, p := range m.pairs() {
		if err := os.Remove(filepath.Join(p.live, marker)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// keepOldMember makes the old member the backup where no other was wanted: it costs nothing.
func (m *Migration) keepOldMember() error {
	member, log := m.pairs()[len(m.pairs())-1], m.layout.paths.WAL
	if log != "" && durable.Exists(m.layout.restoredLog()) {
		if err := durable.RemoveAll(log + ".bak"); err != nil {
			return err
		}
		if err := durable.Rename(m.layout.restoredLog(), log+".bak"); err != nil {
			return err
		}
	}
	if durable.Exists(member.aside) {
		if err := durable.MakeDir(m.layout.restored(), 0o700); err != nil {
			return err
		}
		if err := durable.Rename(member.aside, member.fresh); err != nil {
			return err
		}
	}
	if !durable.Exists(member.fresh) {
		return nil
	}
	return m.layout.backups.Adopt(m.layout.restored())
}

// removeWork removes the work folder with what is in it, the journal last.
func (m *Migration) removeWork() error {
	if log := m.layout.restoredLog(); log != "" {
		for _, folder := range []string{log, m.layout.paths.WAL + ".migrate-old"} {
			if err := durable.RemoveAll(folder); err != nil {
				return err
			}
		}
	}
	if !m.layout.inside {
		return durable.RemoveAll(m.layout.work)
	}
	for _, name := range []string{"restored", "old-member", "snapshot.partial", journal.Name} {
		if err := durable.RemoveAll(filepath.Join(m.layout.work, name)); err != nil {
			return err
		}
	}
	_ = os.Remove(m.layout.work) // stays while a backup is in it
	return nil
}

// removeDebris removes what a run that was killed before its journal, or after it, left behind.
func (m *Migration) removeDebris() error {
	for _, path := range []string{m.layout.work + ".removed", m.layout.backups.Base + ".partial", filepath.Join(m.layout.work, "snapshot.partial")} {
		if err := durable.RemoveAll(path); err != nil {
			return err
		}
	}
	_ = os.Remove(m.layout.work) // if it is empty
	return nil
}
