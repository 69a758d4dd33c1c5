package plan

import (
	"strings"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// route compares the minors and chooses a way.
func (m *maker) route() error {
	from, to := m.plan.Current.Version.Line(), m.in.Target.Version.Line()
	if from.Major != 2 && from.Major != 3 {
		return refuse("no way from etcd %s is known", from)
	}
	switch {
	case to.Less(from):
		return m.downgrade(from, to)
	case m.needsConversion():
		return m.convert(from, to)
	case from == to:
		return nil
	case from.Next() == to:
		return m.nextMinor(from, to)
	}
	return m.upgrade(from, to)
}

// members is how many there are, by the data and by --initial-cluster.
func (m *maker) members() int {
	n := len(m.in.State.Facts.Members)
	if listed := Clustered(m.in.InitialCluster); listed > n {
		n = listed
	}
	return n
}

// Clustered counts the different members of an --initial-cluster value.
func Clustered(initialCluster string) int {
	names := map[string]bool{}
	for _, entry := range strings.Split(initialCluster, ",") {
		if name, _, found := strings.Cut(strings.TrimSpace(entry), "="); found {
			names[name] = true
		}
	}
	return len(names)
}

// nextMinor is the step that the target's own etcd takes when it starts: there is nothing to run, in a cluster either.
func (m *maker) nextMinor(from, to version.Line) error {
	if err := m.guard(from, to); err != nil {
		return err
	}
	m.backup()
	return nil
}

func (m *maker) backup() {
	if m.in.Backup {
		m.add(Backup, "", nil, "copy the data beside it, and verify the copy")
	} else {
		m.warn("no backup is made: --backup is off")
	}
}

// upgrade runs every minor between the two; the target's own etcd does the last part.
func (m *maker) upgrade(from, to version.Line) error {
	if n := m.members(); n > 1 {
		return refuse("%d members: a cluster goes up one minor at a time, %s to %s first. Set TARGET_VERSION to a %s, roll member by member, "+
			"wait until `migrate cluster check --expect-version %s` succeeds, and go on from there", n, from, from.Next(), from.Next(), from.Next())
	}
	ladder, err := m.ladder(from, to)
	if err != nil {
		return err
	}
	m.backup()
	m.climb(ladder)
	return nil
}

// ladder is the newest bundled patch of every minor strictly between the two.
func (m *maker) ladder(from, to version.Line) ([]version.Version, error) {
	var ladder []version.Version
	var missing []string
	line := from
	for line.Next() != to && len(ladder)+len(missing) <= 64 {
		if err := m.guard(line, line.Next()); err != nil {
			return nil, err
		}
		line = line.Next()
		if v, found := m.in.Bundle.Newest(line); found {
			ladder = append(ladder, v)
		} else {
			missing = append(missing, line.String())
		}
	}
	if len(missing) > 0 {
		return nil, refuse("from %s to %s every minor in between must run, and the image holds no etcd %s; it holds %s",
			from, to, strings.Join(missing, ", "), m.in.Bundle)
	}
	return ladder, m.guard(line, to)
}

func (m *maker) climb(ladder []version.Version) {
	for i := range ladder {
		v := ladder[i]
		m.add(Start, "etcd", &v, "run etcd %s until the cluster version is %s", v, v.Line())
		m.record(version.Pair{Version: v, Storage: m.storageAt(v)})
	}
}

// storageAt is the storage of a step in between: what the data has until it is converted.
func (m *maker) storageAt(v version.Version) version.Storage {
	switch {
	case v.Major < 3:
		return version.Etcd2
	case m.plan.Current.Storage == version.Etcd2 && m.in.Target.Storage == version.Etcd2:
		return version.Etcd2
	}
	return version.Etcd3
}

// guard refuses steps that are known to end in a panic or in damage.
func (m *maker) guard(from, to version.Line) error {
	facts := m.in.State.Facts
	switch {
	case to.AtLeast(3, 2) && to.Major == 3 && facts.HasSnapshot && !facts.HasDatabase && !m.needsConversion():
		return refuse("there is v2 data and no member/snap/db: etcd %s panics on it. Stay at %s until v3 data exists, or put the lost file back", to, from)
	case to.Is(3, 6) && facts.V2Keys:
		return refuse("the v2 store holds keys, which etcd 3.6 panics on. With etcd 3.5, delete them through the v2 API, or if etcdutl check v2store finds none, " +
			"start once with --snapshot-count=1 so that the log no longer holds them")
	case to.Is(3, 5) && facts.AuthEnabled && m.members() > 1:
		return refuse("auth is enabled: a cluster cannot be rolled from 3.4 to 3.5, since records of auth in the log changed. " +
			"Disable auth for the roll (etcdctl auth disable), and enable it after the last member")
	}
	m.hazards(to)
	return nil
}

// hazards adds the warnings for a step that goes ahead.
func (m *maker) hazards(to version.Line) {
	facts := m.in.State.Facts
	if to.Is(3, 5) && facts.AuthEnabled {
		m.warn("auth is enabled: records of auth in the log that are not yet applied cannot be read by 3.5")
	}
	if to.Is(3, 6) {
		v := m.plan.Current.Version
		if v.Line().Is(3, 5) && !v.AtLeast(3, 5, 32) {
			m.warn("before 3.6, run 3.5.32 or later: older ones may leave a membership that 3.6 refuses")
		}
		if len(facts.Leftover) > 0 {
			m.warn("the database holds members that are no longer in the cluster: 3.6 may revive them")
		}
		for _, member := range facts.Members {
			if member.Learner {
				m.warn("a learner is not promoted: 3.6 may refuse it")
				break
			}
		}
	}
}

// needsConversion: v2 keys are there, and are to become v3 keys. Without such keys the storage is only a word in version.txt.
func (m *maker) needsConversion() bool {
	return m.plan.Current.Storage == version.Etcd2 && m.in.Target.Storage == version.Etcd3 &&
		(m.plan.Current.Version.Major < 3 || m.in.State.Facts.V2Keys)
}

// convert goes up to 2.3, turns v2 keys into v3 keys with the first 3.x, and goes on from there.
func (m *maker) convert(from, to version.Line) error {
	if n := m.members(); n > 1 {
		return refuse("%d members: v2 data of a cluster cannot be converted member by member", n)
	}
	at := from
	if from.Major < 3 {
		at = version.Line{Major: 3}
	}
	if at.AtLeast(3, 5) {
		return refuse("etcdctl %s can no longer convert v2 data; that ended with 3.4", at)
	}
	converter, found := m.in.Bundle.Newest(at)
	if !found {
		return refuse("v2 data is converted by etcdctl %s, which the image does not hold; it holds %s", at, m.in.Bundle)
	}
	var below []version.Version
	var err error
	if from.Major < 3 {
		if below, err = m.ladder(from, at); err != nil {
			return err
		}
	}
	m.backup()
	m.climb(below)
	m.add(Convert, "etcdctl", &converter, "turn v2 keys into v3 keys, those below the TTL directory with one lease of an hour")
	m.add(Swap, "", nil, "the new member takes the place of the old one")
	m.record(version.Pair{Version: converter, Storage: version.Etcd3})
	if at == to || at.Next() == to {
		return nil
	}
	above, err := m.ladder(at, to)
	m.climb(above)
	return err
}
