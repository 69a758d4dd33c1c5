// Package options turns flags and environment into what a migration needs to know. For each option a flag with a
// non-empty value wins, then a variable with one, then the default; an empty value counts as none.
package options

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/etcd"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// OnFailure is what is to happen when a migration fails.
type OnFailure string

// The choices: end with the error, or let etcd start on the data as it is.
const (
	Stop        OnFailure = "stop"
	StartAnyway OnFailure = "start-anyway"
)

// Options is everything that flags and environment say.
type Options struct {
	Name                     string
	DataDir, WALDir          string
	Port, PeerPort           uint64
	InitialCluster           string
	ListenPeerURLs           string
	InitialAdvertisePeerURLs string
	ListenClientURLs         string
	ClientURL                string // where the temporary etcd is asked; one of ListenClientURLs
	Target                   version.Pair
	DataPrefix, TTLDirectory string
	Extra                    []etcd.Flag
	User, Password           string // for etcdctl, where only root may do something
	BinDir                   string
	Bundle                   version.Bundle
	MoveBinaries             bool

	Backup       bool
	BackupDir    string // empty: beside the data directory
	BackupKeep   int
	Snapshot     string // restore this one instead of taking one
	NewCluster   bool   // initialise although backups are there
	OnFailure    OnFailure
	StartTimeout time.Duration
	StepTimeout  time.Duration
	Verbose      bool
	JSON         bool

	Defaults []string // which options took their default
}

// UsageError is a mistake in flags or environment.
type UsageError struct{ Message string }

func (e *UsageError) Error() string { return e.Message }

func usage(format string, arguments ...any) error {
	return &UsageError{fmt.Sprintf(format, arguments...)}
}

// Resolve applies the rules in a fixed order; the first mistake ends it.
func (f *Flags) Resolve(getenv func(string) string) (*Options, error) {
	r := &resolver{flags: f, getenv: getenv, o: &Options{}}
	for _, step := range []func() error{r.identity, r.ports, r.urls, r.target, r.credentials, r.bundle, r.policy} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return r.o, nil
}

type resolver struct {
	flags  *Flags
	getenv func(string) string
	o      *Options
}

// maxValue bounds one value; a longer one is a mistake, and would not fit a command line.
const maxValue = 64 << 10

// pick applies the precedence.
func (r *resolver) pick(flag, variable, fallback, name string) (string, error) {
	value := flag
	if value == "" && variable != "" {
		value = r.getenv(variable)
	}
	if value == "" {
		value = fallback
		if fallback != "" {
			r.o.Defaults = append(r.o.Defaults, name)
		}
	}
	if len(value) > maxValue || strings.ContainsRune(value, 0) {
		return "", usage("--%s is not usable: too long, or it contains a zero byte", name)
	}
	return value, nil
}

func (r *resolver) identity() (err error) {
	o := r.o
	if o.Name, err = r.pick(r.flags.name, "ETCD_NAME", "", "name"); err != nil {
		return err
	}
	for _, variable := range []string{"ETCD_HOSTNAME", "HOSTNAME"} {
		if host := r.getenv(variable); o.Name == "" && host != "" {
			o.Name = "etcd-" + host
		}
	}
	if o.Name == "" {
		return usage("the member's name is not known: give --name, or set ETCD_NAME, ETCD_HOSTNAME or HOSTNAME")
	}
	if o.DataDir, err = r.pick(r.flags.dataDir, "DATA_DIRECTORY", "", "data-dir"); err != nil {
		return err
	}
	if o.DataDir == "" {
		return usage("the data directory is not known: give --data-dir, or set DATA_DIRECTORY")
	}
	o.DataDir = filepath.Clean(o.DataDir)
	if o.DataDir == filepath.Dir(o.DataDir) || o.DataDir == "." {
		return usage("%s cannot be a data directory", o.DataDir)
	}
	o.WALDir, err = r.pick(r.flags.walDir, "ETCD_WAL_DIR", "", "wal-dir")
	return err
}

func (r *resolver) ports() error {
	o := r.o
	o.Port, o.PeerPort = 18629, 2380
	if strings.Contains(o.DataDir, "event") {
		o.Port, o.PeerPort = 18631, 2381
	}
	if r.flags.port != 0 {
		o.Port = r.flags.port
	}
	if r.flags.peerPort != 0 {
		o.PeerPort = r.flags.peerPort
	}
	if o.Port > 65535 || o.PeerPort > 65535 {
		return usage("a port is at most 65535")
	}
	return nil
}

func (r *resolver) urls() (err error) {
	o := r.o
	peer := fmt.Sprintf("http://localhost:%d", o.PeerPort)
	if o.InitialCluster, err = r.pick(r.flags.initialCluster, "INITIAL_CLUSTER", o.Name+"="+peer, "initial-cluster"); err != nil {
		return err
	}
	if o.ListenPeerURLs, err = r.pick(r.flags.listenPeerURLs, "LISTEN_PEER_URLS", peer, "listen-peer-urls"); err != nil {
		return err
	}
	if o.InitialAdvertisePeerURLs, err = r.pick(r.flags.advertisePeerURLs, "INITIAL_ADVERTISE_PEER_URLS", peer, "initial-advertise-peer-urls"); err != nil {
		return err
	}
	o.ClientURL = fmt.Sprintf("http://%s:%d", loopback(), o.Port)
	if o.ListenClientURLs, err = r.pick(r.flags.listenClientURLs, "LISTEN_CLIENT_URLS", o.ClientURL, "listen-client-urls"); err != nil {
		return err
	}
	o.ListenClientURLs = withURL(o.ListenClientURLs, o.ClientURL)
	return nil
}

// withURL makes sure that the list has the address at which the temporary etcd is asked, or one that includes it.
func withURL(list, needed string) string {
	port := needed[strings.LastIndex(needed, ":"):]
	for _, u := range strings.Split(list, ",") {
		switch strings.TrimSuffix(strings.TrimSpace(u), "/") {
		case needed, "http://localhost" + port, "http://0.0.0.0" + port, "http://[::]" + port:
			return list
		}
	}
	return list + "," + needed
}

func (r *resolver) target() (err error) {
	o := r.o
	text, err := r.pick(r.flags.targetVersion, "TARGET_VERSION", "", "target-version")
	if err != nil {
		return err
	}
	storage, err := r.pick(r.flags.targetStorage, "TARGET_STORAGE", "", "target-storage")
	if err != nil {
		return err
	}
	if text == "" || storage == "" {
		return usage("the target is not known: give --target-version and --target-storage, or set TARGET_VERSION and TARGET_STORAGE")
	}
	if o.Target.Version, err = version.Parse(text); err != nil {
		return usage("target version: %v", err)
	}
	if o.Target.Storage, err = version.ParseStorage(storage); err != nil {
		return usage("target storage: %v", err)
	}
	if o.DataPrefix, err = r.pick(r.flags.dataPrefix, "ETCD_DATA_PREFIX", "/registry", "etcd-data-prefix"); err != nil {
		return err
	}
	if o.TTLDirectory, err = r.pick(r.flags.ttlDirectory, "TTL_KEYS_DIRECTORY", o.DataPrefix+"/events", "ttl-keys-directory"); err != nil {
		return err
	}
	return r.extra()
}

// credentials are taken from the variables of etcdctl, never from a flag, which others could see.
func (r *resolver) credentials() (err error) {
	user, err := r.pick("", "ETCDCTL_USER", "", "user")
	if err != nil {
		return err
	}
	name, password, found := strings.Cut(user, ":")
	if !found {
		if password, err = r.pick("", "ETCDCTL_PASSWORD", "", "password"); err != nil {
			return err
		}
	}
	r.o.User, r.o.Password = name, password
	return nil
}

func (r *resolver) extra() error {
	text, err := r.pick(r.flags.extraArgs, "ETCD_CREDS", "", "etcd-server-extra-args")
	if err != nil {
		return err
	}
	flags, stray := etcd.ParseFlags(strings.Fields(text))
	if len(stray) > 0 {
		return usage("the extra arguments hold %d words that belong to no flag", len(stray))
	}
	for _, f := range flags {
		switch f.Name {
		case "wal-dir":
			if r.o.WALDir == "" {
				r.o.WALDir = f.Value
			}
			continue
		case "data-dir", "force-new-cluster":
			return usage("the extra arguments must not hold --%s", f.Name)
		}
		r.o.Extra = append(r.o.Extra, f)
	}
	return nil
}
