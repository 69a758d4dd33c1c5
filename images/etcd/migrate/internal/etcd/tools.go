package etcd

import "github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"

// The command lines of the tools. Each is checked by a test against the flags that every version has.

// SaveArguments are those with which etcdctl takes a snapshot of a server.
func SaveArguments(url, file string) []string {
	return []string{"--endpoints=" + url, "snapshot", "save", file}
}

// CanPlaceLog reports whether a program can restore a snapshot with the log in a place of its own. etcdctl learned that with 3.3.
func CanPlaceLog(program string, v version.Version) bool {
	return toolFlags.accepts(program+" snapshot restore wal-dir", v)
}

// RestoreArguments are those with which etcdctl or etcdutl makes a member of a snapshot, for an etcd with the configuration.
func RestoreArguments(snapshot string, c Config) []string {
	arguments := []string{"snapshot", "restore", snapshot, "--data-dir=" + c.DataDir, "--name=" + c.Name,
		"--initial-cluster=" + c.InitialCluster, "--initial-advertise-peer-urls=" + c.InitialAdvertisePeerURLs}
	if c.WALDir != "" {
		arguments = append(arguments, "--wal-dir="+c.WALDir)
	}
	for _, f := range c.Extra {
		if f.Name == "initial-cluster-token" && f.HasValue {
			arguments = append(arguments, f.Argument())
		}
	}
	return arguments
}

// MigrateArguments are those with which etcdutl changes the storage version of a member.
func MigrateArguments(data string, to version.Line) []string {
	return []string{"migrate", "--data-dir=" + data, "--target-version=" + to.String()}
}

// ConvertArguments are those with which etcdctl makes v3 keys of a member's v2 keys.
func ConvertArguments(c Config) []string {
	arguments := []string{"migrate", "--data-dir=" + c.DataDir}
	if c.WALDir != "" {
		arguments = append(arguments, "--wal-dir="+c.WALDir)
	}
	return arguments
}

// DowngradeArguments are those with which etcdctl lets a running cluster go back to a minor.
func DowngradeArguments(url string, to version.Line) []string {
	return []string{"--endpoints=" + url, "downgrade", "enable", to.String()}
}

// CancelArguments are those with which etcdctl ends a downgrade.
func CancelArguments(url string) []string {
	return []string{"--endpoints=" + url, "downgrade", "cancel"}
}
