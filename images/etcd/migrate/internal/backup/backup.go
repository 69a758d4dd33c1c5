// Package backup copies a data directory before it is changed, and keeps the newest copies. A copy is itself a data
// directory that etcd can run on.
package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/durable"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// infoName is the file in a backup that says what it is. etcd ignores it.
const infoName = "backup.json"

const maxInfo = 16 << 20

// ErrNoSpace means that the disk cannot take the copy.
var ErrNoSpace = errors.New("not enough space for the backup")

// Info says what a backup was made of, and what its files must be.
type Info struct {
	Format            int          `json:"format"`
	Version           string       `json:"version"`
	Time              time.Time    `json:"time"`
	NodeID, ClusterID string       `json:",omitempty"`
	LastIndex         uint64       `json:"lastIndex"`
	Revision          int64        `json:"revision"`
	Files             durable.Tree `json:"files"`
	Log               durable.Tree `json:"log,omitempty"` // of a separate log, which the backup has in member/wal
}

// Policy is where backups are and how many are kept.
type Policy struct {
	Base string // the newest one; older ones are Base.1, Base.2
	Keep int
}

func (p Policy) path(age int) string {
	if age == 0 {
		return p.Base
	}
	return fmt.Sprintf("%s.%d", p.Base, age)
}

// Current reports whether the newest backup still is of this data: of the same member, and nobody has written since. It must be of the same
// minor too, unless any is allowed: a run that goes on after a crash has the backup of the one that began.
func (p Policy) Current(paths datadir.Paths, facts *datadir.Facts, line version.Line, anyMinor bool) bool {
	info, err := load(p.Base)
	if err != nil || len(facts.Problems) > 0 || info.NodeID != hex(facts.NodeID) || info.ClusterID != hex(facts.ClusterID) {
		return false
	}
	if !anyMinor {
		made, _, _ := strings.Cut(info.Version, "/")
		if was, err := version.ParseLine(made); err != nil || was != line {
			return false
		}
	}
	if datadir.WrittenSince(paths, info.LastIndex) {
		return false
	}
	for _, tree := range []struct {
		root  string
		files durable.Tree
	}{{p.Base, info.Files}, {filepath.Join(p.Base, "member", "wal"), info.Log}} {
		for name, sum := range tree.files {
			file, err := os.Stat(filepath.Join(tree.root, filepath.FromSlash(name)))
			if err != nil || file.Size() != sum.Size {
				return false
			}
		}
	}
	return true
}

func load(folder string) (*Info, error) {
	file, err := os.Open(filepath.Join(folder, infoName))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxInfo))
	if err != nil {
		return nil, err
	}
	info := &Info{}
	return info, json.Unmarshal(content, info)
}

func hex(n uint64) string { return fmt.Sprintf("%016x", n) }

// Make copies the directory, verifies the copy, and only then lets go of the oldest one.
func (p Policy) Make(paths datadir.Paths, facts *datadir.Facts, versionText string, now time.Time) (err error) {
	partial := p.Base + ".partial"
	if err := durable.RemoveAll(partial); err != nil {
		return err
	}
	if err := p.checkSpace(paths); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(partial) // what is left of it would only keep the disk full
		}
	}()
	info := &Info{Format: 1, Version: versionText, Time: now.UTC(), NodeID: hex(facts.NodeID), ClusterID: hex(facts.ClusterID),
		LastIndex: facts.LastIndex, Revision: facts.Revision}
	if err := copyData(paths, partial, info); err != nil {
		return err
	}
	if err := check(partial, facts); err != nil {
		return err
	}
	content, err := json.MarshalIndent(info, "", " ")
	if err != nil {
		return err
	}
	if err := durable.WriteFile(filepath.Join(partial, infoName), content, 0o600); err != nil {
		return err
	}
	return p.rotate(partial)
}

func copyData(paths datadir.Paths, to string, info *Info) (err error) {
	if link, err := os.Lstat(paths.Member()); err != nil || link.Mode()&fs.ModeSymlink != 0 {
		return fmt.Errorf("%s is not a directory: it cannot be backed up", paths.Member())
	}
	skip := map[string]bool{datadir.WorkName: true, "lost+found": true, infoName: true}
	if info.Files, err = durable.CopyTree(paths.Data, to, skip); err != nil || paths.WAL == "" {
		return err
	}
	wal := filepath.Join(to, "member", "wal")
	if link, err := os.Lstat(wal); err == nil && link.Mode()&fs.ModeSymlink != 0 {
		if err := os.Remove(wal); err != nil { // else the copy would go through it into the log itself
			return err
		}
	}
	info.Log, err = durable.CopyTree(paths.WAL, wal, nil)
	return err
}

// check reads the copy as data: it must say what the original says.
func check(copied string, facts *datadir.Facts) error {
	got, err := datadir.Read(datadir.Paths{Data: copied})
	if err != nil {
		return err
	}
	if got.Revision != facts.Revision || got.LastIndex != facts.LastIndex || len(got.Problems) != len(facts.Problems) {
		return fmt.Errorf("the backup does not read as the data does: revision %d, log up to %d; instead of %d and %d",
			got.Revision, got.LastIndex, facts.Revision, facts.LastIndex)
	}
	return nil
}

func (p Policy) checkSpace(paths datadir.Paths) error {
	need, err := durable.Measure(paths.Data, map[string]bool{datadir.WorkName: true})
	if err != nil {
		return err
	}
	if paths.WAL != "" {
		log, err := durable.Measure(paths.WAL, nil)
		if err != nil {
			return err
		}
		need += log
	}
	free, err := durable.Free(p.Base)
	if err != nil || free > need/2 { // reserved and sparse files take less in the copy; the copy itself finds out
		return nil
	}
	return fmt.Errorf("%w: %d MiB are free at %s, the data takes %d MiB; free some, name another place with --backup-dir, or turn it off with --backup=off",
		ErrNoSpace, free>>20, filepath.Dir(p.Base), need>>20)
}

// rotate makes a finished copy the newest backup. A crash in between leaves every copy under one of the names, and the oldest is
// deleted last.
func (p Policy) rotate(finished string) error {
	last := 0 // the first free age: a gap takes up the shift
	for last < p.Keep && durable.Exists(p.path(last)) {
		last++
	}
	if err := durable.RemoveAll(p.path(p.Keep)); err != nil {
		return err
	}
	for age := last; age > 0; age-- {
		if err := durable.Rename(p.path(age-1), p.path(age)); err != nil {
			return err
		}
	}
	if err := durable.Rename(finished, p.Base); err != nil {
		return err
	}
	return p.prune()
}

// prune deletes backups beyond the number that is kept, from an earlier and more generous policy.
func (p Policy) prune() error {
	for age := p.Keep; durable.Exists(p.path(age)) && age < 1000; age++ {
		if err := durable.RemoveAll(p.path(age)); err != nil {
			return err
		}
	}
	return nil
}

// Adopt makes a folder that holds an old member the newest backup.
func (p Policy) Adopt(folder string) error { return p.rotate(folder) }

// Found lists the backups that exist.
func (p Policy) Found() []string {
	var found []string
	for age := 0; age <= 100; age++ {
		if durable.Exists(p.path(age)) {
			found = append(found, p.path(age))
		}
	}
	return found
}
