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
		return m.repair(from)
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

// repair is for data that is of the target's minor already, and on which that etcd runs without serving.
func (m *maker) repair(line version.Line) error {
	why := m.log.obstacle(line)
	if why == "" {
		return nil
	}
	if (logState{first: m.log.first}).obstacle(line) == "" || m.members() > 1 {
		m.warn(why)
		return nil
	}
	m.backup()
	m.log = logState{first: m.log.first}
	return m.makeWay(line, line)
}

// nextMinor is the step that the target's own etcd takes when it starts: there is nothing to run but what its log may need.
func (m *maker) nextMinor(from, to version.Line) error {
	if err := m.guard(from, to); err != nil {
		return err
	}
	m.backup()
	return m.makeWay(from, to)
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
	if err := m.makeWay(from, ladder[0].Line()); err != nil {
		return err
	}
	return m.climb(ladder, to)
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

// climb runs each minor in turn. Each but 2.x leaves a raft snapshot that covers all of the log, so that the next one reads only what it knows.
func (m *maker) climb(ladder []version.Version, to version.Line) error {
	for i := range ladder {
		v := ladder[i]
		m.hazardsAfter(v, to)
		m.add(Start, "etcd", &v, "run etcd %s until the cluster version is %s", v, v.Line())
		m.record(version.Pair{Version: v, Storage: m.storageAt(v)})
		if v.Major >= 3 {
			m.log = logState{first: v.Line()}
		}
	}
	return nil
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
	if err := m.climb(below, at); err != nil {
		return err
	}
	m.add(Convert, "etcdctl", &converter, "turn v2 keys into v3 keys, those below the TTL directory with one lease of an hour")
	m.add(Swap, "", nil, "the new member takes the place of the old one")
	m.record(version.Pair{Version: converter, Storage: version.Etcd3})
	m.converted, m.log = true, logState{first: at}
	if at == to {
		return nil
	}
	if at.Next() == to {
		return m.guard(at, to)
	}
	above, err := m.ladder(at, to)
	if err != nil {
		return err
	}
	return m.climb(above, to)
}
