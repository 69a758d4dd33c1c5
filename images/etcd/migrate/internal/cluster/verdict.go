package cluster

import (
	"fmt"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/check"
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
