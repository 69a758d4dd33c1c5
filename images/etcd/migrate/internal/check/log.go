package check

import "github.com/imagebuild/imagebuild/images/etcd/migrate/internal/plan"

// replay looks at what the target, or a minor on the way to it, would read of the log.
func (c *checker) replay() {
	facts, to := c.in.State.Facts, c.target().Line()
	advice := plan.TakeSnapshot
	if facts.Voters() <= 1 && plan.Clustered(c.in.Options.InitialCluster) <= 1 {
		advice = "migrate sees to that on the way; without it: " + plan.TakeSnapshot
	}
	if facts.V2Requests > 0 {
		severity := Note
		if to.AtLeast(3, 6) {
			severity = Warning
		}
		c.add(severity, "v2-log", "the log holds %d v2 requests, the first is %s: etcd 3.6 and later panic on them. %s", facts.V2Requests, facts.V2First, advice)
	}
	if facts.V2Records > 0 && to.AtLeast(3, 7) {
		c.add(Warning, "v2-records", "the log holds %d records of etcd 3.5 or earlier, which etcd 3.7 cannot read. %s", facts.V2Records, advice)
	}
	if facts.SnapshotAhead && to.AtLeast(3, 1) {
		c.add(Warning, "snapshot-ahead", "the raft snapshot at index %d is newer than member/snap/db, which is at %d: etcd 3.1 and later panic on that", facts.SnapshotIndex, facts.ConsistentIndex)
	}
	for _, m := range facts.OtherRole {
		was, becomes := "a voter", "a learner"
		if m.Learner {
			was, becomes = becomes, was
		}
		c.add(Warning, "other-role", "member %x (%s) is %s in the log and %s in the database, which etcd 3.6 believes: update the member once with 3.5.31 or later, "+
			"or remove it and add it again", m.ID, m.Name, was, becomes)
	}
}
