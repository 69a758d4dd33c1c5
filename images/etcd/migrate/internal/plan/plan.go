// Package plan decides, from what is known of a data directory and what is wanted, which steps lead there. It looks at
// nothing and does nothing itself, so that a plan can be shown before it is run.
package plan

import (
	"errors"
	"fmt"
	"strings"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// Kind is what a step does.
type Kind string

// The kinds of steps, in the order in which a plan may have them.
const (
	Initialise     Kind = "initialise"      // make the directory, if need be
	Backup         Kind = "backup"          // copy the data beside it, and verify the copy
	Convert        Kind = "convert"         // etcd2 data becomes etcd3 data
	Settle         Kind = "settle"          // run the data's own minor until a raft snapshot covers what the next one cannot read
	Start          Kind = "start"           // run a version until the cluster version is its minor and a raft snapshot covers the log
	Snapshot       Kind = "snapshot"        // run a version, and take a snapshot of it
	Lower          Kind = "lower"           // make a snapshot of the next lower minor of one: etcdctl downgrade, on a temporary member
	Restore        Kind = "restore"         // make a new member of a snapshot
	MigrateStorage Kind = "migrate-storage" // etcdutl migrate, on the new member
	Try            Kind = "try"             // start the target's etcd on the new member, or on one like it
	Replay         Kind = "replay"          // write etcd3 data into a new 2.3 member
	Swap           Kind = "swap"            // the new member takes the place of the old one
	Record         Kind = "record"          // write version.txt
	Binaries       Kind = "binaries"        // etcd and etcdctl become those of the target
)

// Step is one thing to do.
type Step struct {
	Kind    Kind             `json:"step"`
	Version *version.Version `json:"-"` // whose program runs
	Program string           `json:"program,omitempty"`
	Record  *version.Pair    `json:"-"`
	Text    string           `json:"text"`
}

// Plan is the whole way.
type Plan struct {
	Current, Target version.Pair
	Known           bool // Current is known: the directory held something
	Steps           []Step
	Warnings        []string
}

// Input is everything a plan depends on.
type Input struct {
	State          *datadir.State
	Leftovers      []string // backups, snapshots and journals beside the directory
	Target         version.Pair
	Bundle         version.Bundle
	HasEtcdutl     func(version.Version) bool
	Name           string
	InitialCluster string
	Backup         bool
	MoveBinaries   bool
	NewCluster     bool
	FromSnapshot   bool

	ImmovableBinaries error        // why a program cannot be replaced by the target's, as MoveBinaries wants
	LinkedLog         bool         // member/wal is a symbolic link, which a swap would not exchange
	SkipV2Check       bool         // --v2-deprecation=write-only-skip-check is among the extra arguments
	Credentials       bool         // root's are known to etcdctl
	BadSnapshot       error        // why the snapshot that was given cannot be used
	FitsV2            func() error // says which key a v2 store cannot hold; asked only on the way there
}

// ErrRefused is the class of plans that would lose data, break a cluster, or cannot be carried out.
var ErrRefused = errors.New("refused")

func refuse(format string, arguments ...any) error {
	return fmt.Errorf("%w: %s", ErrRefused, fmt.Sprintf(format, arguments...))
}

// Make makes the plan, or says why there is none.
func Make(in Input) (*Plan, error) {
	m := &maker{in: in, plan: &Plan{Target: in.Target}}
	if err := m.make(); err != nil {
		return m.plan, err
	}
	return m.plan, nil
}

type maker struct {
	in        Input
	plan      *Plan
	log       logState // as the steps so far leave it
	converted bool     // a step turns the v2 keys into v3 keys
}

func (m *maker) make() error {
	if m.in.MoveBinaries && !m.in.Bundle.Contains(m.in.Target.Version) {
		return refuse("the image does not hold etcd %s, only %s; choose one of these, or set DO_NOT_MOVE_BINARIES=true to only record it",
			m.in.Target.Version, m.in.Bundle)
	}
	if major := m.in.Target.Version.Major; major != 2 && major != 3 {
		return refuse("no way to etcd %d.x is known", major)
	} else if major == 2 && m.in.Target.Storage != version.Etcd2 {
		return refuse("etcd %s has no storage etcd3; set TARGET_STORAGE=etcd2", m.in.Target.Version)
	}
	if empty, err := m.isEmpty(); err != nil || empty {
		if err != nil {
			return err
		}
		m.initialise()
		return m.practicable()
	}
	current, remark, err := m.in.State.Current()
	if err != nil {
		return err
	}
	m.plan.Current, m.plan.Known = current, true
	m.warn(remark)
	if inUse := m.in.State.Facts.InUse; inUse != "" {
		m.warn("only a part of the data could be read, since it is in use: " + inUse)
	}
	for _, problem := range m.in.State.Facts.Problems {
		m.warn("damage: " + problem)
	}
	m.log = logStateOf(m.in.State.Facts)
	if err := m.route(); err != nil {
		return err
	}
	if m.in.Target.Storage == version.Etcd2 {
		m.warnOfV2API(m.in.Target.Version.Line())
	}
	m.finish()
	return m.practicable()
}

// practicable refuses a plan whose steps are right, and cannot be carried out here.
func (m *maker) practicable() error {
	if m.plan.Swaps() && m.in.LinkedLog {
		return refuse("member/wal is a symbolic link, which cannot be exchanged with the log of the new member; name the log's folder with --wal-dir instead")
	}
	if m.in.MoveBinaries && m.in.ImmovableBinaries != nil {
		v := m.in.Target.Version
		return refuse("%v; it would have to become that of %s: set DO_NOT_MOVE_BINARIES=true and run etcd-%s", m.in.ImmovableBinaries, v, v)
	}
	return nil
}

func (m *maker) warn(remark string) {
	if remark != "" {
		m.plan.Warnings = append(m.plan.Warnings, remark)
	}
}

func (m *maker) warnOnce(remark string) {
	for _, w := range m.plan.Warnings {
		if w == remark {
			return
		}
	}
	m.warn(remark)
}

func (m *maker) add(kind Kind, program string, v *version.Version, format string, arguments ...any) {
	step := Step{Kind: kind, Version: v, Text: fmt.Sprintf(format, arguments...)}
	if v != nil && program != "" {
		step.Program = program + "-" + v.String()
	}
	m.plan.Steps = append(m.plan.Steps, step)
}

// isEmpty reports that there is no data, and refuses if there should be some.
func (m *maker) isEmpty() (bool, error) {
	switch m.in.State.Content {
	case datadir.Data:
		return false, nil
	case datadir.Foreign:
		if !m.in.State.HasFile || m.in.State.Bad != "" {
			return false, nil // there is something, but its version cannot be known: Current says so
		}
	}
	if len(m.in.Leftovers) > 0 && !m.in.NewCluster {
		return false, refuse("the data directory holds no data, but beside it there is %s: it was not always empty. "+
			"Put the data back (a .bak folder is a whole data directory; move it into place), or give --new-cluster to begin anew",
			strings.Join(m.in.Leftovers, ", "))
	}
	return true, nil
}

func (m *maker) initialise() {
	if m.in.State.HasFile && m.in.State.Bad == "" {
		m.plan.Current, m.plan.Known = m.in.State.Record, true
	} else if m.in.State.HasFile {
		m.warn("version.txt is not valid (" + m.in.State.Bad + "), and there is no data: written anew")
	}
	if m.in.State.Content == datadir.Absent {
		m.add(Initialise, "", nil, "make the data directory")
	}
	m.finish()
}

// finish records the target and puts its programs in place: the end of every plan.
func (m *maker) finish() {
	m.record(m.in.Target)
	if m.in.MoveBinaries {
		v := m.in.Target.Version
		m.add(Binaries, "", &v, "etcd and etcdctl become those of %s", v)
	}
}

func (m *maker) record(pair version.Pair) {
	m.add(Record, "", nil, "version.txt becomes %s", pair)
	m.plan.Steps[len(m.plan.Steps)-1].Record = &pair
}

// Changes reports whether the plan does anything to the data itself, so that nothing may hold it meanwhile.
func (p *Plan) Changes() bool {
	for _, s := range p.Steps {
		if s.Kind != Record && s.Kind != Binaries {
			return true
		}
	}
	return false
}

// Swaps reports whether a new member takes the place of the old one.
func (p *Plan) Swaps() bool {
	for _, s := range p.Steps {
		if s.Kind == Swap {
			return true
		}
	}
	return false
}
