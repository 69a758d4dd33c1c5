package plan

import (
	"fmt"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// TakeSnapshot is how the log of a running etcd is made to begin behind its old entries.
const TakeSnapshot = "Restart the etcd that runs now, the same version, with --snapshot-count=1, write at least twice, and restart it as before; " +
	"in a cluster one member after the other. Its raft snapshot then covers the old entries"

// logState is what an etcd that starts on the data would read of the log.
type logState struct {
	requests int               // v2 requests that 3.6 and later panic on
	example  datadir.V2Request // one of them
	records  int               // etcd's own records as v2 requests, which 3.7 and later cannot read
	ahead    bool              // the raft snapshot is newer than the database
	first    version.Line      // the cluster version with which the log begins
}

func logStateOf(facts *datadir.Facts) logState {
	return logState{facts.V2Requests, facts.V2First, facts.V2Records, facts.SnapshotAhead, facts.FirstVersion}
}

// obstacle says why an etcd of a minor cannot start, or cannot serve, on the log as it is; empty if it can.
func (l logState) obstacle(to version.Line) string {
	switch {
	case to.AtLeast(3, 6) && l.requests > 0:
		return fmt.Sprintf("the log holds %d v2 requests, the first is %s; etcd %s panics on them", l.requests, l.example, to)
	case to.AtLeast(3, 7) && l.records > 0:
		return fmt.Sprintf("the log holds %d records that etcd 3.5 or earlier wrote as v2 requests; etcd %s cannot read them", l.records, to)
	case to.AtLeast(3, 1) && l.ahead:
		return fmt.Sprintf("the raft snapshot is newer than member/snap/db, or there is no such file; etcd %s panics on that", to)
	case to.AtLeast(3, 5) && !l.first.IsZero() && l.first.Major < 3:
		return fmt.Sprintf("the log begins at cluster version %s; etcd %s would answer \"not capable\" to every request of the v3 API", l.first, to)
	}
	return ""
}

// makeWay adds the step that the log needs before an etcd of the minor `to` can start on data of the minor `from`.
func (m *maker) makeWay(from, to version.Line) error {
	why := m.log.obstacle(to)
	if why == "" {
		return nil
	}
	facts := m.in.State.Facts
	switch {
	case m.log.ahead && (from.AtLeast(3, 1) || facts.ConsistentIndex > 0):
		return refuse("%s. Stay at %s, or put the file that belongs to it back, from a backup of the same time", why, from)
	case !from.AtLeast(3, 0):
		return nil // 3.0 itself can start, and comes first
	case m.members() > 1:
		return refuse("%s. %s", why, TakeSnapshot)
	}
	v, found := m.in.Bundle.Nearest(m.plan.Current.Version)
	if !found {
		return refuse("%s. A start of etcd %s with --snapshot-count=1 would help, and the image does not hold it; it holds %s. %s", why, from, m.in.Bundle, TakeSnapshot)
	}
	m.add(Settle, "etcd", &v, "run etcd %s until a raft snapshot covers the log: %s", v, why)
	m.log = logState{first: from}
	return nil
}
