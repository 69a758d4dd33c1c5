package etcd

import (
	"fmt"
	"strings"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// change says what became of a flag at a minor: it got another name, or none.
type change struct {
	flag      string
	at        version.Line
	successor string // empty: gone without one
	value     string // the successor's value, if not the same
}

// changes are those of the upgrade guides, 2.3 to 3.7. A flag with the prefix experimental- is treated by rule.
var changes = []change{
	{"ca-file", version.Line{Major: 3, Minor: 4}, "trusted-ca-file", ""},
	{"peer-ca-file", version.Line{Major: 3, Minor: 4}, "peer-trusted-ca-file", ""},
	{"log-output", version.Line{Major: 3, Minor: 5}, "log-outputs", ""},
	{"debug", version.Line{Major: 3, Minor: 5}, "log-level", "debug"},
	{"log-package-levels", version.Line{Major: 3, Minor: 5}, "", ""},
	{"enable-v2", version.Line{Major: 3, Minor: 6}, "", ""},
	{"experimental-enable-v2v3", version.Line{Major: 3, Minor: 6}, "", ""},
	{"proxy", version.Line{Major: 3, Minor: 6}, "", ""},
	{"proxy-failure-wait", version.Line{Major: 3, Minor: 6}, "", ""},
	{"proxy-refresh-interval", version.Line{Major: 3, Minor: 6}, "", ""},
	{"proxy-dial-timeout", version.Line{Major: 3, Minor: 6}, "", ""},
	{"proxy-write-timeout", version.Line{Major: 3, Minor: 6}, "", ""},
	{"proxy-read-timeout", version.Line{Major: 3, Minor: 6}, "", ""},
}

// beginnings are flags that a version before the stated one would refuse.
var beginnings = map[string]version.Line{
	"log-level":                {Major: 3, Minor: 4},
	"logger":                   {Major: 3, Minor: 4},
	"log-outputs":              {Major: 3, Minor: 4},
	"pre-vote":                 {Major: 3, Minor: 4},
	"cipher-suites":            {Major: 3, Minor: 3},
	"socket-reuse-port":        {Major: 3, Minor: 5},
	"socket-reuse-address":     {Major: 3, Minor: 5},
	"tls-min-version":          {Major: 3, Minor: 4},
	"v2-deprecation":           {Major: 3, Minor: 5},
	"log-format":               {Major: 3, Minor: 6},
	"feature-gates":            {Major: 3, Minor: 6},
	"quota-backend-bytes":      {Major: 3, Minor: 0},
	"auto-tls":                 {Major: 3, Minor: 0},
	"peer-auto-tls":            {Major: 3, Minor: 0},
	"max-request-bytes":        {Major: 3, Minor: 2},
	"auto-compaction-mode":     {Major: 3, Minor: 3},
	"peer-cert-allowed-cn":     {Major: 3, Minor: 3},
	"host-whitelist":           {Major: 3, Minor: 3},
	"listen-metrics-urls":      {Major: 3, Minor: 3},
	"max-txn-ops":              {Major: 3, Minor: 2},
	"snapshot-catchup-entries": {Major: 3, Minor: 6},
}

// Translate rewrites flags for a minor. What this minor does not know, or what is not for a temporary etcd, is left out with a remark. The
// remarks name flags, never their values, which may be secrets.
func Translate(flags []Flag, line version.Line, known map[string]bool) (result []Flag, remarks []string) {
	for _, f := range flags {
		renamed, gone := successor(f, line)
		began, late := beginnings[renamed.Name]
		switch {
		case gone:
			remarks = append(remarks, fmt.Sprintf("--%s left out: etcd %s has it no more", f.Name, line))
			continue
		case late && line.Less(began):
			remarks = append(remarks, fmt.Sprintf("--%s left out: it is new in etcd %s", f.Name, began))
			continue
		case known != nil && !known[renamed.Name]:
			remarks = append(remarks, fmt.Sprintf("--%s left out: etcd %s does not list it", f.Name, line))
			continue
		case renamed.Name != f.Name:
			remarks = append(remarks, fmt.Sprintf("--%s became --%s for etcd %s", f.Name, renamed.Name, line))
		}
		result = append(result, renamed)
	}
	return result, remarks
}

func successor(f Flag, line version.Line) (renamed Flag, gone bool) {
	if f.Name == "logger" && f.Value == "capnslog" && line.AtLeast(3, 5) {
		return f, true
	}
	if f.Name == "debug" && f.HasValue && f.Value != "true" && line.AtLeast(3, 5) {
		return f, true
	}
	for _, c := range changes {
		if c.flag != f.Name || line.Less(c.at) {
			continue
		}
		if c.successor == "" {
			return f, true
		}
		renamed = Flag{c.successor, f.Value, f.HasValue}
		if c.value != "" {
			renamed.Value, renamed.HasValue = c.value, true
		}
		return renamed, false
	}
	if strings.HasPrefix(f.Name, "experimental-") && line.AtLeast(3, 7) {
		return Flag{strings.TrimPrefix(f.Name, "experimental-"), f.Value, f.HasValue}, false
	}
	return f, false
}

// Unknown lists which of the flags a minor refuses or has renamed: what an operator has to change before that etcd starts.
func Unknown(flags []Flag, line version.Line) []string {
	_, remarks := Translate(flags, line, nil)
	return remarks
}

// parseHelp takes the names of flags from what etcd --help prints.
func parseHelp(text string) map[string]bool {
	known := map[string]bool{}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n'\"(),=[]`", r) }) {
		if strings.HasPrefix(word, "--") && len(word) > 2 {
			known[word[2:]] = true
		}
	}
	return known
}
