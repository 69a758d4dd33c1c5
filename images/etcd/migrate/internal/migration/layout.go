// Package migration carries out a plan on a data directory, and finishes what an earlier run left unfinished.
package migration

import (
	"io/fs"
	"os"
	"path/filepath"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/backup"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/durable"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/journal"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/options"
)

// layout is where everything is. What lies beside the data directory is inside it instead if the directory is a mount point, whose
// siblings would be on another file system, perhaps one that ends with the container; or if the folder above is read-only.
type layout struct {
	paths    datadir.Paths
	work     string // journal, and what is being made
	snapshot string
	backups  backup.Policy
	inside   bool
}

func newLayout(o *options.Options) layout {
	l := layout{paths: datadir.Paths{Data: o.DataDir, WAL: o.WALDir}}
	if l.paths.WAL == "" {
		l.paths.WAL = linkedLog(l.paths)
	}
	beside, within := o.DataDir+".migrate", filepath.Join(o.DataDir, datadir.WorkName)
	switch {
	case durable.Exists(filepath.Join(beside, journal.Name)):
	case durable.Exists(filepath.Join(within, journal.Name)):
		l.inside = true
	default:
		l.inside = durable.Exists(o.DataDir) && (durable.IsMountPoint(o.DataDir) || !durable.Writable(filepath.Dir(o.DataDir)))
	}
	l.work, l.snapshot = beside, o.DataDir+".snapshot.db"
	base := o.DataDir + ".bak"
	if l.inside {
		l.work, l.snapshot, base = within, filepath.Join(within, "snapshot.db"), filepath.Join(within, "bak")
	}
	if o.BackupDir != "" {
		base = filepath.Join(o.BackupDir, filepath.Base(o.DataDir)+".bak")
	}
	l.backups = backup.Policy{Base: base, Keep: o.BackupKeep}
	return l
}

// linkedLog is the folder that member/wal links to, if it is a link.
func linkedLog(paths datadir.Paths) string {
	link := filepath.Join(paths.Member(), "wal")
	info, err := os.Lstat(link)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return ""
	}
	target, err := filepath.EvalSymlinks(link)
	if err != nil {
		return ""
	}
	return target
}

// workNames are what a run makes in the work folder, beside the journal.
var workNames = []string{"restored", "old-member", "snapshot.partial", "lowered", "lowered.db", "trial"}

// restored is the data directory in which a new member is made.
func (l layout) restored() string { return filepath.Join(l.work, "restored") }

// restoredLog is its log, if the log is separate: on the same file system as the log it will replace.
func (l layout) restoredLog() string {
	if l.paths.WAL == "" {
		return ""
	}
	return l.paths.WAL + ".migrate-restored"
}

// leftovers are the things beside a data directory that say that it once held data.
func (l layout) leftovers() []string {
	found := l.backups.Found()
	data := l.paths.Data
	for _, path := range []string{
		data + ".bak", l.snapshot, data + ".snapshot.db", data + ".rollback.backup", l.restored(),
		filepath.Join(data+".migrate", journal.Name), filepath.Join(data, datadir.WorkName, journal.Name),
		filepath.Join(data, datadir.WorkName, "bak"), filepath.Join(data, datadir.WorkName, "snapshot.db"),
	} {
		if durable.Exists(path) && !contains(found, path) {
			found = append(found, path)
		}
	}
	return found
}

func contains(list []string, text string) bool {
	for _, item := range list {
		if item == text {
			return true
		}
	}
	return false
}
