package plan

import "github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"

// V2KeysLeft is what stands against etcd 3.6 as long as the v2 store is not empty. 3.7 reads no v2 store any more.
const V2KeysLeft = "the v2 store holds keys, which etcd 3.6 refuses. Delete them with etcd 3.5 and --enable-v2 through the v2 API, then restart it once with " +
	"--snapshot-count=1. If they are of no use and cannot be deleted, 3.6.13 and later start with --v2-deprecation=write-only-skip-check, " +
	"which migrate takes from --etcd-server-extra-args"

// guard refuses steps that are known to end in a panic or in damage.
func (m *maker) guard(from, to version.Line) error {
	facts := m.in.State.Facts
	switch {
	case to.Is(3, 6) && facts.V2Keys && !m.converted && !m.skipsV2Check(to):
		return refuse(V2KeysLeft)
	case to.Is(3, 5) && facts.AuthEnabled && m.members() > 1:
		return refuse("auth is enabled: a cluster cannot be rolled from 3.4 to 3.5, since records of auth in the log changed. " +
			"Disable auth for the roll (etcdctl auth disable), and enable it after the last member")
	}
	m.hazards(to)
	return nil
}

// warnOfV2API says what clients of the v2 API find at a target whose keys stay in the v2 store.
func (m *maker) warnOfV2API(to version.Line) {
	switch {
	case to.AtLeast(3, 6):
		m.warn("etcd " + to.String() + " has no v2 API: set TARGET_STORAGE=etcd3")
	case to.AtLeast(3, 4):
		m.warn("the v2 API is off from 3.4 on: start etcd " + to.String() + " with --enable-v2 for clients of it")
	}
}

// skipsV2Check reports whether the user has chosen to let etcd pass over what is in the v2 store.
func (m *maker) skipsV2Check(to version.Line) bool {
	v, found := m.in.Bundle.Newest(to)
	if to == m.in.Target.Version.Line() {
		v, found = m.in.Target.Version, true
	}
	return m.in.SkipV2Check && found && v.AtLeast(3, 6, 13)
}

// leastBefore is the patch of a minor that members should have run before the next one.
var leastBefore = map[version.Line]struct {
	patch uint32
	why   string
}{
	{Major: 3, Minor: 5}: {32, "older ones may leave a membership, or requests in the log, that 3.6 refuses"},
	{Major: 3, Minor: 6}: {11, "older ones do not know all that 3.7 asks of a cluster under way"},
}

// hazardsAfter warns where a version that is left for the next minor has known faults on that way.
func (m *maker) hazardsAfter(v version.Version, to version.Line) {
	least, known := leastBefore[v.Line()]
	if known && v.Line().Less(to) && v.Before(v.Major, v.Minor, least.patch) {
		m.warnOnce("before " + v.Line().Next().String() + ", run " + version.Version{Major: v.Major, Minor: v.Minor, Patch: least.patch}.String() +
			" or later, not " + v.String() + ": " + least.why)
	}
}

// hazards adds the warnings for a step that goes ahead.
func (m *maker) hazards(to version.Line) {
	facts := m.in.State.Facts
	if m.plan.Current.Version.Line().Next() == to {
		m.hazardsAfter(m.plan.Current.Version, to)
	}
	if to.Is(3, 5) && facts.AuthEnabled {
		m.warn("auth is enabled: records of auth in the log that are not yet applied cannot be read by 3.5")
	}
	if to.Is(3, 6) {
		if facts.V2Keys && !m.converted {
			m.warn("the v2 store holds keys, and etcd 3.6 is told to pass over them")
		}
		if len(facts.Leftover) > 0 {
			m.warn("the database holds members that are no longer in the cluster: 3.6 may revive them")
		}
		if len(facts.OtherRole) > 0 {
			m.warn("the log and the database do not agree on who is a learner: 3.6 believes the database. Before, update that member once with 3.5.31 or later")
		}
		for _, member := range facts.Members {
			if member.Learner {
				m.warn("a learner is not promoted: 3.6 may refuse it")
				break
			}
		}
	}
}
