package plan

import (
	"strconv"
	"strings"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// downgrade goes back one minor of 3.x, or from 3.0 to 2.3.
func (m *maker) downgrade(from, to version.Line) error {
	if from.AtLeast(3, 8) {
		return refuse("etcd 3.8 and later keep no v2 snapshots, and this program has not been tried on the way back from them. Downgrade online: "+
			"etcdctl downgrade enable %s, wait until every endpoint shows storage version %s, then replace the members one by one", to, to)
	}
	if to.Next() != from {
		return refuse("from %s a downgrade goes to %s only, one minor at a time; not to %s", from, previous(from), to)
	}
	if !m.in.State.Facts.HasDatabase {
		return refuse("there is no member/snap/db to take a snapshot of")
	}
	if n := m.members(); n > 1 && !(m.in.FromSnapshot && to.Major == 3) {
		return refuse("%s", clusterDowngrade(n, from, to))
	}
	if !named(m.in.InitialCluster, m.in.Name) {
		return refuse("--initial-cluster does not name this member, %q", m.in.Name)
	}
	m.backup()
	if to.Major == 2 {
		return m.replay(from, to)
	}
	return m.snapshot(from, to)
}

func previous(line version.Line) string {
	switch {
	case line.Minor > 0:
		return version.Line{Major: line.Major, Minor: line.Minor - 1}.String()
	case line.Major == 3:
		return "2.3"
	}
	return "none"
}

func named(initialCluster, name string) bool {
	for _, entry := range strings.Split(initialCluster, ",") {
		if strings.HasPrefix(strings.TrimSpace(entry), name+"=") {
			return true
		}
	}
	return false
}

// clusterDowngrade is the reason and the procedure: each member restoring its own snapshot would leave them different.
func clusterDowngrade(members int, from, to version.Line) string {
	text := "%d members: each would restore a snapshot of its own, and they would differ. "
	if to.AtLeast(3, 5) {
		text += "Downgrade online: etcdctl downgrade enable %t, wait until every endpoint shows storage version %t, then replace the members one by one, the leader last. "
	}
	if from.Is(3, 5) {
		text += "Online, with 3.4.32 or later: restart the members one by one, the leader last, with that etcd and --next-cluster-version-compatible. "
	}
	text += "Offline: take one snapshot from the leader, stop every member, and run this on each with --from-snapshot and the same file; " +
		"start etcd only when all are done"
	text = strings.ReplaceAll(text, "%t", to.String())
	return strings.Replace(text, "%d", strconv.Itoa(members), 1)
}

// runner is the etcd that can run on the data: the recorded patch, or any of its minor.
func (m *maker) runner(line version.Line) (version.Version, error) {
	v, found := m.in.Bundle.Nearest(m.plan.Current.Version)
	if !found {
		return v, refuse("the data is of %s, and the image holds no etcd of that minor; it holds %s", line, m.in.Bundle)
	}
	if v != m.plan.Current.Version && !m.plan.Current.Version.AnyPatch {
		m.warnOnce("the image does not hold etcd " + m.plan.Current.Version.String() + ": " + v.String() + " of the same minor runs instead")
	}
	return v, nil
}

func (m *maker) snapshot(from, to version.Line) error {
	restorer, found := m.in.Bundle.Nearest(m.in.Target.Version)
	if !found {
		return refuse("a snapshot is restored by the tools of %s, which the image does not hold; it holds %s", to, m.in.Bundle)
	}
	program, err := m.restoreProgram(restorer)
	if err != nil {
		return err
	}
	if m.in.FromSnapshot && m.in.BadSnapshot != nil {
		return refuse("the snapshot cannot be used: %v", m.in.BadSnapshot)
	}
	if !m.in.FromSnapshot {
		runner, err := m.runner(from)
		if err != nil {
			return err
		}
		m.add(Snapshot, "etcd", &runner, "run etcd %s and take a snapshot", runner)
	}
	if to.AtLeast(3, 6) {
		if err := m.lower(from, to); err != nil {
			return err
		}
	}
	m.add(Restore, program, &restorer, "restore the snapshot as a new member, and compare its keys and leases")
	if to.Is(3, 5) {
		if err := m.migrateStorage(from, to); err != nil {
			return err
		}
	}
	m.add(Try, "etcd", &restorer, "start etcd %s on what was restored, and compare again", restorer)
	m.add(Swap, "", nil, "the new member takes the place of the old one")
	return nil
}

// lower takes a snapshot down to the minor below. From 3.7 on etcdutl migrate leaves the cluster version as it was, which the lower minor refuses; an
// etcd that runs takes both back.
func (m *maker) lower(from, to version.Line) error {
	if m.in.State.Facts.AuthEnabled && !m.in.Credentials {
		return refuse("auth is enabled, and only root may run etcdctl downgrade enable: set ETCDCTL_USER and ETCDCTL_PASSWORD, or disable auth before")
	}
	runner, err := m.runner(from)
	if err != nil {
		return err
	}
	if m.in.HasEtcdutl == nil || !m.in.HasEtcdutl(runner) {
		return refuse("etcdutl %s is needed to go back to %s, and the image does not hold it", runner, to)
	}
	m.add(Lower, "etcd", &runner, "downgrade the snapshot to %s on a temporary member, with etcdctl downgrade enable", to)
	return nil
}

// restoreProgram: etcdctl restores up to 3.4; etcdutl from 3.5, where etcdctl still can; from 3.6 etcdutl alone.
func (m *maker) restoreProgram(v version.Version) (string, error) {
	has := m.in.HasEtcdutl != nil && m.in.HasEtcdutl(v)
	switch {
	case v.AtLeast(3, 5, 0) && has:
		return "etcdutl", nil
	case v.AtLeast(3, 6, 0):
		return "", refuse("etcd %s restores with etcdutl, which the image does not hold", v)
	}
	return "etcdctl", nil
}

// migrateStorage takes back the storage version, which 3.6 and later write into the database. It is done on the new member, whose log is fresh: the
// log of the old one may hold entries that etcdutl refuses to take back.
func (m *maker) migrateStorage(from, to version.Line) error {
	tool, err := m.runner(from)
	if err != nil {
		return err
	}
	if m.in.HasEtcdutl == nil || !m.in.HasEtcdutl(tool) {
		return refuse("etcdutl %s is needed to go back to %s, and the image does not hold it", tool, to)
	}
	m.add(MigrateStorage, "etcdutl", &tool, "the storage version of the new member becomes %s", to)
	return nil
}

func (m *maker) replay(from, to version.Line) error {
	runner, err := m.runner(from)
	if err != nil {
		return err
	}
	server, found := m.in.Bundle.Nearest(m.in.Target.Version)
	if !found {
		return refuse("a 2.3 member is made by etcd %s, which the image does not hold; it holds %s", to, m.in.Bundle)
	}
	if m.in.FitsV2 != nil {
		if err := m.in.FitsV2(); err != nil {
			return refuse("%v", err)
		}
	}
	m.add(Snapshot, "etcd", &runner, "run etcd %s and take a snapshot", runner)
	m.add(Replay, "etcd", &server, "write the keys into a new member of etcd %s", server)
	m.add(Swap, "", nil, "the new member takes the place of the old one")
	return nil
}
