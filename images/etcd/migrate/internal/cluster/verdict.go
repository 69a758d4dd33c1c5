package cluster

import (
	"fmt"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/check"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/plan"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// Report is everything that was learned of a cluster.
type Report struct {
	Endpoints []Status        `json:"endpoints"`
	Members   []Member        `json:"members"`
	Leader    string          `json:"leader"`
	Snapshot  string          `json:"snapshot,omitempty"`
	Findings  []check.Finding `json:"findings"`
}

func (r *Report) add(severity check.Severity, code, format string, arguments ...any) {
	r.Findings = append(r.Findings, check.Finding{Severity: severity, Code: code, Text: fmt.Sprintf(format, arguments...)})
}

// Judge looks at what the members say together. expect, if not zero, is the minor that the cluster must have reached.
func (r *Report) Judge(expect version.Line) {
	seen := map[string]bool{}
	leaders, clusters := map[string]bool{}, map[string]bool{}
	for _, s := range r.Endpoints {
		r.judgeOne(s, expect)
		if s.Problem != "" {
			continue
		}
		seen[s.ID], clusters[s.ClusterVersion] = true, true
		if s.Leader == "" {
			r.add(check.Error, "leader", "%s knows no leader", s.Endpoint)
		}
		leaders[s.Leader] = true
	}
	if len(leaders) > 1 {
		r.add(check.Error, "leader", "the endpoints name %d different leaders: they are not one cluster, or an election is under way", len(leaders))
	}
	if len(clusters) > 1 {
		r.add(check.Error, "cluster-version", "the endpoints state different cluster versions")
	}
	r.judgeVersions()
	for _, m := range r.Members {
		switch {
		case m.Name == "":
			r.add(check.Error, "unstarted", "member %s was added and has never started", m.ID)
		case !seen[m.ID]:
			r.add(check.Warning, "unasked", "member %s (%s) is not among the endpoints", m.ID, m.Name)
		}
		if m.Learner {
			r.add(check.Warning, "learner", "member %s (%s) is a learner", m.ID, m.Name)
		}
		r.judgeRole(m)
	}
	r.judgePatches()
}

// judgeRole compares what the list of members says with what the member itself says: up to 3.5.30 and 3.6.11 an update of a learner made a voter of it in
// the list alone (etcd#21694), and 3.6 believes the list.
func (r *Report) judgeRole(m Member) {
	for _, s := range r.Endpoints {
		if s.ID == m.ID && s.Problem == "" && s.Learner != m.Learner {
			r.add(check.Error, "other-role", "member %s (%s) is a learner by one account and a voter by another: update it once with 3.5.31 or later, "+
				"or remove it and add it again, before 3.6", m.ID, m.Name)
		}
	}
}

// leastPatch is what every member should run before the next minor.
var leastPatch = map[version.Line]version.Version{
	{Major: 3, Minor: 5}: {Major: 3, Minor: 5, Patch: 32},
	{Major: 3, Minor: 6}: {Major: 3, Minor: 6, Patch: 11},
}

// judgePatches says what the next minor will ask of the members: a patch, and a log that it can read. The latter shows in their data only.
func (r *Report) judgePatches() {
	var next version.Line
	for _, s := range r.Endpoints {
		v, err := version.Parse(s.Version)
		if err != nil {
			continue
		}
		least, known := leastPatch[v.Line()]
		if !known {
			continue
		}
		next = v.Line().Next()
		if v.Less(least) {
			r.add(check.Note, "patch", "%s runs %s: before %s, run %s or later", s.Endpoint, v, next, least)
		}
	}
	if !next.IsZero() {
		r.add(check.Note, "log", "before %s, look at each member's data as well: migrate check there, or cluster check --data-dir; the log may hold what %s cannot read", next, next)
	}
}

// JudgeLog looks at one member's data for what the next minor could not read.
func (r *Report) JudgeLog(directory string, facts *datadir.Facts) {
	if facts.InUse != "" {
		r.add(check.Note, "live", "%s: only a part of it could be read, since it is in use: %s", directory, facts.InUse)
	}
	for _, problem := range facts.Problems {
		r.add(check.Warning, "damage", "%s: %s", directory, problem)
	}
	line, _ := facts.Line()
	if facts.V2Keys {
		r.add(check.Error, "v2-data", "%s: the v2 store holds keys, which etcd 3.6 refuses", directory)
	}
	if facts.V2Requests > 0 {
		r.add(check.Error, "v2-log", "%s: the log holds %d v2 requests, the first is %s: etcd 3.6 panics on them. %s", directory, facts.V2Requests, facts.V2First, plan.TakeSnapshot)
	}
	if facts.V2Records > 0 && line.AtLeast(3, 6) {
		r.add(check.Error, "v2-records", "%s: the log holds %d records of etcd 3.5 or earlier, which etcd 3.7 cannot read. %s", directory, facts.V2Records, plan.TakeSnapshot)
	}
	for _, m := range facts.OtherRole {
		r.add(check.Error, "other-role", "%s: the log and the database do not agree on whether member %x (%s) is a learner; 3.6 believes the database", directory, m.ID, m.Name)
	}
}

func (r *Report) judgeOne(s Status, expect version.Line) {
	switch {
	case s.Problem != "":
		r.add(check.Error, "unreachable", "%s: %s", s.Endpoint, s.Problem)
		return
	case !s.Healthy:
		r.add(check.Error, "health", "%s is not healthy", s.Endpoint)
	}
	if expect.IsZero() {
		return
	}
	if v, err := version.Parse(s.Version); err != nil || v.Line() != expect {
		r.add(check.Error, "version", "%s runs %s, not yet a %s", s.Endpoint, s.Version, expect)
	}
	if line, err := version.ParseLine(s.ClusterVersion); err != nil || line != expect {
		r.add(check.Error, "cluster-version", "%s states cluster version %s: the move to %s is not complete", s.Endpoint, s.ClusterVersion, expect)
	}
}

// judgeVersions: members may be one minor apart during a roll, and no more.
func (r *Report) judgeVersions() {
	var oldest, newest version.Line
	for _, s := range r.Endpoints {
		v, err := version.Parse(s.Version)
		if err != nil {
			continue
		}
		if oldest.IsZero() || v.Line().Less(oldest) {
			oldest = v.Line()
		}
		if newest.Less(v.Line()) {
			newest = v.Line()
		}
	}
	switch {
	case oldest == newest:
	case oldest.Next() == newest:
		r.add(check.Note, "mixed", "members run %s and %s: a roll is under way; make no other change until it ends", oldest, newest)
	default:
		r.add(check.Error, "mixed", "members run %s and %s, more than one minor apart", oldest, newest)
	}
}
