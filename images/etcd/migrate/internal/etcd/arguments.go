// Package etcd runs the programs of one etcd version: the flags and the environment that this version understands, a
// server that is watched while it starts and stops, and the snapshot tools.
package etcd

import (
	"strconv"
	"strings"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// Config is what a temporary etcd is started with, the same for every version.
type Config struct {
	Name                     string
	DataDir, WALDir          string
	InitialCluster           string
	ListenPeerURLs           string
	InitialAdvertisePeerURLs string
	ListenClientURLs         string // must include ClientURL
	ClientURL                string
	Extra                    []Flag
	Debug                    bool
	Alone                    bool // the only member: an election need not wait for others
	SnapshotCount            int  // after more entries of the log than this a raft snapshot is taken; 0 for what is usual
}

// Flag is one option of etcd, without its dashes.
type Flag struct {
	Name, Value string
	HasValue    bool
}

// Argument writes the flag as etcd reads it.
func (f Flag) Argument() string {
	if !f.HasValue {
		return "--" + f.Name
	}
	return "--" + f.Name + "=" + f.Value
}

// maxExtra bounds the extra arguments.
const maxExtra = 1024

// ParseFlags takes a list of words apart: --a=b, --a b, and --a alone. Words that belong to no flag are returned as stray.
func ParseFlags(words []string) (flags []Flag, stray []string) {
	for _, word := range words {
		name := strings.TrimPrefix(strings.TrimPrefix(word, "-"), "-")
		switch last := len(flags) - 1; {
		case strings.HasPrefix(word, "-") && name != "" && len(flags) < maxExtra:
			key, value, found := strings.Cut(name, "=")
			flags = append(flags, Flag{key, value, found})
		case last >= 0 && !flags[last].HasValue:
			flags[last].Value, flags[last].HasValue = word, true
		default:
			stray = append(stray, word)
		}
	}
	return flags, stray
}

// Arguments is the command line of a version, and remarks on what had to be changed for it. known, if not nil, is the
// flags that the program itself lists.
func (c Config) Arguments(v version.Version, known map[string]bool) (arguments, remarks []string) {
	own := []Flag{
		{"name", c.Name, true},
		{"initial-cluster", c.InitialCluster, true},
		{"data-dir", c.DataDir, true},
		{"listen-client-urls", c.ListenClientURLs, true},
		{"advertise-client-urls", c.ClientURL, true},
		{"listen-peer-urls", c.ListenPeerURLs, true},
		{"initial-advertise-peer-urls", c.InitialAdvertisePeerURLs, true},
	}
	if c.Debug {
		own = append(own, debugFlag(v.Line()))
	}
	if c.WALDir != "" {
		own = append(own, Flag{"wal-dir", c.WALDir, true})
	}
	extra, remarks := Translate(c.Extra, v, known)
	if c.Alone && !contains(extra, "heartbeat-interval") && !contains(extra, "election-timeout") {
		own = append(own, Flag{"heartbeat-interval", "10", true}, Flag{"election-timeout", "100", true})
	}
	if c.SnapshotCount > 0 {
		extra = append(without(extra, "snapshot-count"), Flag{"snapshot-count", strconv.Itoa(c.SnapshotCount), true})
	}
	for _, f := range append(own, extra...) {
		arguments = append(arguments, f.Argument())
	}
	return arguments, remarks
}

// debugFlag: --debug ended with 3.4, and --log-level began with it.
func debugFlag(line version.Line) Flag {
	if line.AtLeast(3, 4) {
		return Flag{"log-level", "debug", true}
	}
	return Flag{Name: "debug"}
}

func without(flags []Flag, name string) []Flag {
	var kept []Flag
	for _, f := range flags {
		if f.Name != name {
			kept = append(kept, f)
		}
	}
	return kept
}

func contains(flags []Flag, name string) bool {
	for _, f := range flags {
		if f.Name == name {
			return true
		}
	}
	return false
}

// ClientPaths are the roots of the JSON gateway of a version.
func ClientPaths(line version.Line) string {
	switch {
	case line.AtLeast(3, 4):
		return "/v3"
	case line.AtLeast(3, 3):
		return "/v3beta"
	}
	return "/v3alpha"
}
