package datadir

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/wal"
)

// Log is what the newest raft snapshot and the log behind it say: what an etcd replays when it starts.
type Log struct {
	HasSnapshot  bool         // a readable raft snapshot exists
	LogVersion   version.Line // the newest cluster version there: the truth up to 3.5
	FirstVersion version.Line // the cluster version with which the replay begins

	V2Keys     bool      // keys that users wrote through the v2 API
	V2Records  int       // etcd's own records in the log that are v2 requests, its name and its version: 3.7 cannot read them
	V2Requests int       // other v2 requests in the log, quorum reads among them: 3.6 panics on them
	V2First    V2Request // the first of these

	Members                  []Member // voters and learners
	NodeID, ClusterID        uint64
	LastIndex, SnapshotIndex uint64
	LastWrite                uint64 // index of the last entry behind the snapshot that changes users' data; 0 if there is none
	FirstEntry               uint64
}

// V2Request is a request of the v2 API in the log.
type V2Request struct {
	Index        uint64
	Method, Path string
}

func (r V2Request) String() string {
	return fmt.Sprintf("%s %.100q at index %d", r.Method, r.Path, r.Index)
}

// logReader reads one log into facts.
type logReader struct {
	Log
	position wal.Position // of the snapshot
	v2keys   v2keys
	members  membership
	problems []string
}

func (r *logReader) problem(format string, arguments ...any) {
	if len(r.problems) < maxProblems {
		r.problems = append(r.problems, fmt.Sprintf(format, arguments...))
	}
}

// ReadLog reads the log alone, also while an etcd writes to it: what is then half written is as if it were not there.
func ReadLog(paths Paths) *Facts {
	f := &Facts{Present: true}
	f.readLog(paths)
	return f
}

// readLog reads the log from the raft snapshot at which etcd would begin.
func (f *Facts) readLog(paths Paths) {
	reader, log, err := readLogFrom(paths, wal.Any)
	if position := reader.position; err == nil && reader.HasSnapshot && !log.Names(position) {
		// The name of the snapshot may be in a file before those that were read; or it is nowhere, and etcd begins at an older one.
		all, wholeErr := wal.Read(paths.Log(), 0, func(wal.Entry) error { return nil })
		if wholeErr == nil && !all.Names(position) && len(all.Snapshots) > 0 {
			reader, log, err = readLogFrom(paths, all.Names)
		}
	}
	for _, problem := range reader.problems {
		f.problem("%s", problem)
	}
	if err != nil {
		f.unread("log", err)
	}
	f.Log = reader.Log
	f.V2Keys = reader.v2keys.any()
	f.NodeID, f.ClusterID, f.FirstEntry = log.NodeID, log.ClusterID, log.FirstEntry
	if log.LastIndex > f.LastIndex {
		f.LastIndex = log.LastIndex
	}
	f.compareMembers(reader.members, err == nil)
	f.SnapshotAhead = f.HasSnapshot && f.SnapshotIndex > f.ConsistentIndex && !hasDatabaseAt(paths.Snap(), f.SnapshotIndex)
}

func readLogFrom(paths Paths, acceptable func(wal.Position) bool) (*logReader, wal.Log, error) {
	r := &logReader{members: membership{}}
	snapshot, problems, err := wal.NewestSnapshot(paths.Snap(), acceptable)
	for _, p := range problems {
		r.problem("raft snapshot %v", p)
	}
	if err != nil {
		r.problem("raft snapshots: %v", err)
	}
	if snapshot != nil {
		r.position = snapshot.Position()
		r.HasSnapshot, r.SnapshotIndex, r.LastIndex = true, snapshot.Index, snapshot.Index
		r.members.add(snapshot.Voters, false)
		r.members.add(snapshot.Learners, true)
		r.readStore(snapshot.Store)
	}
	log, err := wal.Read(paths.Log(), r.SnapshotIndex, func(e wal.Entry) error {
		r.entry(e)
		return nil
	})
	return r, log, err
}

// compareMembers sorts the members of the database: those that the log does not know are left over, those that it knows in another role are listed.
func (f *Facts) compareMembers(members membership, readable bool) {
	var leftover []Member
	for _, m := range f.Leftover {
		known, ok := members[m.ID]
		switch {
		case !ok || !known.voting:
			if readable {
				leftover = append(leftover, m)
			}
		default:
			if known.Learner != m.Learner {
				f.OtherRole = append(f.OtherRole, Member{ID: m.ID, Name: m.Name, PeerURLs: m.PeerURLs, Learner: known.Learner})
			}
			members.fill(m)
		}
	}
	f.Leftover = leftover
	f.Members = members.list()
}

// hasDatabaseAt reports whether a leader has sent a database together with the snapshot at an index, which etcd would then take.
func hasDatabaseAt(folder string, index uint64) bool {
	_, err := os.Stat(filepath.Join(folder, fmt.Sprintf("%016x.snap.db", index)))
	return err == nil
}

// WrittenSince reports whether users' data may have changed after an index of the log, by the entries themselves: also by those that a raft
// snapshot covers by now, as long as the log still has them.
func WrittenSince(paths Paths, index uint64) bool {
	r := &logReader{members: membership{}}
	log, err := wal.Read(paths.Log(), index, func(e wal.Entry) error {
		r.entry(e)
		return nil
	})
	return err != nil || r.LastWrite > index || log.FirstEntry > index+1 || log.FirstEntry == 0 && log.LastIndex < index
}
