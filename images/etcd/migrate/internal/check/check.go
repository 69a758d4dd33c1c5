// Package check looks for everything on the way ahead that an operator should deal with before a migration. It changes
// nothing.
package check

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/etcd"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/options"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/plan"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// Severity orders findings.
type Severity string

// The severities: an error stops the migration or etcd after it, a warning may; a note is only worth knowing.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Note    Severity = "note"
)

// Finding is one thing found. Code is for programs, and does not change.
type Finding struct {
	Severity Severity `json:"severity"`
	Code     string   `json:"code"`
	Text     string   `json:"text"`
}

// Input is what is looked at.
type Input struct {
	Options     *options.Options
	State       *datadir.State
	Plan        *plan.Plan
	Refusal     error
	Environment []string        // NAME=value
	Known       map[string]bool // flags that the target's etcd lists; nil if it cannot be asked
	Free, Need  int64           // bytes; Free is negative if it is not known
	Live        error           // a running etcd holds the directory
	Mode        uint32          // of the data directory; 0 if that means nothing here
	Foreign     bool            // the directory belongs to somebody else, and we are not root
}

type checker struct {
	in       Input
	findings []Finding
}

// Run returns what it found, errors first within each subject.
func Run(in Input) []Finding {
	c := &checker{in: in}
	c.plan()
	c.data()
	c.membership()
	c.patches()
	c.flags()
	c.names()
	c.place()
	return c.findings
}

func (c *checker) add(severity Severity, code, format string, arguments ...any) {
	c.findings = append(c.findings, Finding{severity, code, fmt.Sprintf(format, arguments...)})
}

func (c *checker) plan() {
	if c.in.Refusal != nil {
		c.add(Error, "plan", "%v", c.in.Refusal)
	}
	for _, w := range c.in.Plan.Warnings {
		c.add(Warning, "plan", "%s", w)
	}
	if c.in.Live != nil {
		c.add(Note, "live", "%v; what is said here may be changing", c.in.Live)
	}
}

func (c *checker) target() version.Version { return c.in.Options.Target.Version }

func (c *checker) data() {
	facts := c.in.State.Facts
	for _, problem := range facts.Problems {
		c.add(Error, "damage", "%s", problem)
	}
	if facts.V2Keys {
		c.add(Warning, "v2-data", "the v2 store holds keys; from 3.4 on the v2 API is off unless --enable-v2 is given, and 3.6 has none")
	}
	c.replay()
	if facts.AuthEnabled {
		c.add(Note, "auth", "auth is enabled")
	}
}

func (c *checker) membership() {
	facts := c.in.State.Facts
	for _, m := range facts.Members {
		if m.Learner {
			c.add(Warning, "learner", "member %x (%s) is a learner", m.ID, m.Name)
		}
	}
	for _, m := range facts.Leftover {
		c.add(Warning, "leftover-member", "the database still holds member %x (%s), which is not in the cluster; 3.6 may revive it", m.ID, m.Name)
	}
	if n := facts.Voters(); n > 1 {
		c.add(Note, "cluster", "the cluster has %d voting members", n)
	}
	if self, known := facts.Self(); known && self.Name != "" && self.Name != c.in.Options.Name {
		c.add(Warning, "name", "the data is that of member %q, and the name given here is %q: give etcd and migrate the same one", self.Name, c.in.Options.Name)
	}
}

// patches are releases with known damage, and the least that the next minor asks for.
func (c *checker) patches() {
	to, from := c.target(), c.in.Plan.Current.Version
	if to.Line().Is(3, 5) && !to.AtLeast(3, 5, 3) {
		c.add(Error, "patch", "etcd 3.5.0 to 3.5.2 can make members inconsistent; use a later 3.5")
	}
	if to.Line().Is(3, 5) && to.AtLeast(3, 5, 1) && !to.AtLeast(3, 5, 20) {
		c.add(Note, "patch", "etcd 3.5.1 to 3.5.19 record the promotion of learners wrongly, which 3.6 then refuses")
	}
	if !c.in.Plan.Known {
		return
	}
	if from.Line().Is(3, 2) && to.AtLeast(3, 3, 0) && c.in.State.Facts.AuthEnabled && !from.AtLeast(3, 2, 31) {
		c.add(Warning, "patch", "with auth, run 3.2.31 or later before 3.3")
	}
	if from.Line().Is(3, 6) && to.AtLeast(3, 7, 0) && !from.AtLeast(3, 6, 11) {
		c.add(Warning, "patch", "run 3.6.11 or later before 3.7")
	}
}

// ours are variables that begin with ETCD_ and are read by migrate, not by etcd.
var ours = map[string]bool{"ETCD_CREDS": true, "ETCD_HOSTNAME": true, "ETCD_DATA_PREFIX": true, "ETCD_UNSUPPORTED_ARCH": true,
	"ETCD_APISERVER_CREDS": true, "ETCD_VERSION": true}

func (c *checker) flags() {
	var set []etcd.Flag
	for _, entry := range c.in.Environment {
		name, value, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "ETCD_") && !ours[name] && value != "" {
			flag := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, "ETCD_")), "_", "-")
			set = append(set, etcd.Flag{Name: flag, Value: value, HasValue: true})
		}
	}
	for _, text := range etcd.Unknown(set, c.target(), c.in.Known) {
		c.add(Warning, "environment", "in the environment: %s", text)
	}
	for _, text := range etcd.Unknown(c.in.Options.Extra, c.target(), c.in.Known) {
		c.add(Warning, "extra-args", "in the extra arguments: %s", text)
	}
	if c.target().AtLeast(3, 4, 0) && len(set) > 0 {
		c.add(Note, "environment", "%d options are set by ETCD_ variables: etcd from 3.4 on does not start if a flag sets the same one", len(set))
	}
}

// names: from 3.2 on etcd listens on addresses only.
func (c *checker) names() {
	for _, list := range []string{c.in.Options.ListenPeerURLs, c.in.Options.ListenClientURLs} {
		for _, text := range strings.Split(list, ",") {
			u, err := url.Parse(strings.TrimSpace(text))
			if err != nil {
				c.add(Error, "listen", "a URL to listen on cannot be read")
				continue
			}
			host := u.Hostname()
			if strings.HasPrefix(u.Scheme, "http") && host != "localhost" && net.ParseIP(host) == nil && c.target().AtLeast(3, 2, 0) {
				c.add(Warning, "listen", "%s is a name: etcd from 3.2 on listens on addresses only (the temporary one is given the address)", host)
			}
		}
	}
}

func (c *checker) place() {
	if c.in.Foreign {
		c.add(Error, "owner", "the data directory belongs to another user, and this is not root")
	}
	if c.in.Mode != 0 && c.in.Mode != 0o700 && c.target().AtLeast(3, 4, 10) {
		c.add(Warning, "mode", "the data directory has mode %04o; etcd from 3.4.10 on asks for 0700", c.in.Mode)
	}
	if c.in.Free >= 0 && c.in.Free < c.in.Need {
		c.add(Error, "space", "%d MiB are free, and the migration may need %d MiB", c.in.Free>>20, c.in.Need>>20)
	}
}

// Worst is the gravest severity found; Note if there is nothing.
func Worst(findings []Finding) Severity {
	worst := Note
	for _, f := range findings {
		if f.Severity == Error || f.Severity == Warning && worst == Note {
			worst = f.Severity
		}
	}
	return worst
}
