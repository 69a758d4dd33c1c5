package options

import (
	"flag"
	"io"
	"strings"
)

// Flags holds the flags as given.
type Flags struct {
	name, dataDir, walDir                                               string
	port, peerPort                                                      uint64
	initialCluster, listenPeerURLs, advertisePeerURLs, listenClientURLs string
	targetVersion, targetStorage, dataPrefix, ttlDirectory, extraArgs   string
	binDir                                                              string
	bundled                                                             list
	backup, backupDir, backupKeep, snapshot, onFailure                  string
	startTimeout, stepTimeout, logFormat                                string
	verbose, newCluster                                                 bool
}

// list is a flag that may be repeated, each time with several values between commas.
type list struct{ values []string }

// maxListed bounds what the list takes in; more are refused.
const maxListed = 1024

func (l *list) String() string { return strings.Join(l.values, ",") }

// Set adds values.
func (l *list) Set(text string) error {
	for _, value := range strings.Split(text, ",") {
		if value = strings.TrimSpace(value); value != "" {
			l.values = append(l.values, value)
		}
	}
	if len(l.values) > maxListed {
		return usage("too many values")
	}
	return nil
}

// Define adds the flags to a set, whose own output is silenced: the caller reports.
func Define(set *flag.FlagSet) *Flags {
	set.SetOutput(io.Discard)
	f := &Flags{}
	f.defineOld(set)
	f.defineNew(set)
	return f
}

// defineOld adds the flags that users' pods may hold since Kubernetes shipped this tool.
func (f *Flags) defineOld(set *flag.FlagSet) {
	set.StringVar(&f.name, "name", "", "the member's name (ETCD_NAME; else etcd- and ETCD_HOSTNAME or HOSTNAME)")
	set.StringVar(&f.dataDir, "data-dir", "", "the data directory (DATA_DIRECTORY)")
	set.Uint64Var(&f.port, "port", 0, "client port of the temporary etcd (18629; 18631 if the data directory's path contains event)")
	set.Uint64Var(&f.peerPort, "peer-port", 0, "peer port of the temporary etcd (2380; 2381 if the path contains event)")
	set.StringVar(&f.initialCluster, "initial-cluster", "", "all members (INITIAL_CLUSTER; NAME=http://localhost:PEER-PORT)")
	set.StringVar(&f.listenPeerURLs, "listen-peer-urls", "", "(LISTEN_PEER_URLS; http://localhost:PEER-PORT)")
	set.StringVar(&f.advertisePeerURLs, "initial-advertise-peer-urls", "", "(INITIAL_ADVERTISE_PEER_URLS; http://localhost:PEER-PORT)")
	set.StringVar(&f.listenClientURLs, "listen-client-urls", "", "(LISTEN_CLIENT_URLS; http://127.0.0.1:PORT, which is added if missing)")
	set.StringVar(&f.targetVersion, "target-version", "", "X.Y.Z (TARGET_VERSION)")
	set.StringVar(&f.targetStorage, "target-storage", "", "etcd2 or etcd3 (TARGET_STORAGE)")
	set.StringVar(&f.dataPrefix, "etcd-data-prefix", "", "where Kubernetes keeps its keys (ETCD_DATA_PREFIX; /registry)")
	set.StringVar(&f.ttlDirectory, "ttl-keys-directory", "", "keys that get a lease on the way from etcd2 (TTL_KEYS_DIRECTORY; PREFIX/events)")
	set.StringVar(&f.extraArgs, "etcd-server-extra-args", "", "more flags for the temporary etcd, between spaces (ETCD_CREDS)")
	set.StringVar(&f.binDir, "bin-dir", "", "where etcd-X.Y.Z and etcdctl-X.Y.Z are (/usr/local/bin; on Windows the folder of migrate)")
	set.Var(&f.bundled, "bundled-versions", "the versions in the image, between commas (../share/etcd/bundled-versions, else those found)")
}

func (f *Flags) defineNew(set *flag.FlagSet) {
	set.StringVar(&f.walDir, "wal-dir", "", "the log's folder, if it is not in the data directory (ETCD_WAL_DIR)")
	set.StringVar(&f.backup, "backup", "", "on or off: copy the data before it is changed (MIGRATE_BACKUP; on)")
	set.StringVar(&f.backupDir, "backup-dir", "", "where backups go (MIGRATE_BACKUP_DIR; beside the data directory)")
	set.StringVar(&f.backupKeep, "backup-keep", "", "how many backups to keep (MIGRATE_BACKUP_KEEP; 2)")
	set.StringVar(&f.snapshot, "from-snapshot", "", "downgrade: restore this snapshot, one for all members, instead of taking one")
	set.StringVar(&f.onFailure, "on-failure", "", "stop, or start-anyway (MIGRATE_ON_FAILURE; stop)")
	set.StringVar(&f.startTimeout, "start-timeout", "", "limit for the start of a temporary etcd (MIGRATE_START_TIMEOUT; 2m)")
	set.StringVar(&f.stepTimeout, "step-timeout", "", "limit for one run of etcdctl or etcdutl (MIGRATE_STEP_TIMEOUT; 30m)")
	set.StringVar(&f.logFormat, "log-format", "", "text or json (MIGRATE_LOG_FORMAT; text)")
	set.BoolVar(&f.verbose, "verbose", false, "show what the programs that are run print")
	set.BoolVar(&f.newCluster, "new-cluster", false, "initialise an empty data directory although a backup, snapshot or journal lies beside it")
}
