package etcd

import (
	"fmt"
	"sort"
	"strings"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// successors are flags that went on under another name, other than by dropping "experimental-".
var successors = map[string]Flag{
	"ca-file":      {Name: "trusted-ca-file"},
	"peer-ca-file": {Name: "peer-trusted-ca-file"},
	"log-output":   {Name: "log-outputs"},
	"debug":        {Name: "log-level", Value: "debug", HasValue: true},
}

const gates = "feature-gates"

// featureGates are the flags that became feature gates with 3.6, and are gone with 3.7.
// Source: ExperimentalFlagToFeatureMap in server/features/etcd_features.go at v3.6.14, and the gates of v3.7.1 there.
var featureGates = map[string]string{
	"experimental-stop-grpc-service-on-defrag":       "StopGRPCServiceOnDefrag",
	"experimental-initial-corrupt-check":             "InitialCorruptCheck",
	"experimental-compact-hash-check-enabled":        "CompactHashCheck",
	"experimental-txn-mode-write-with-shared-buffer": "TxnModeWriteWithSharedBuffer",
	"experimental-enable-lease-checkpoint":           "LeaseCheckpoint",
	"experimental-enable-lease-checkpoint-persist":   "LeaseCheckpointPersist",
}

// SkipV2Check is the value of --v2-deprecation with which etcd passes over what is in the v2 store.
const SkipV2Check = "write-only-skip-check"

// CanSkipV2Check reports whether a version knows that value. Source: server/config/v2_deprecation.go at the tags of 3.5 to 3.7.
func CanSkipV2Check(v version.Version) bool {
	if v.Line().Is(3, 5) {
		return v.AtLeast(3, 5, 32)
	}
	return v.AtLeast(3, 6, 13)
}

// translator rewrites flags for a version. listed, if not nil, is the flags that the program itself lists.
type translator struct {
	v       version.Version
	listed  map[string]bool
	result  []Flag
	remarks []string
	gates   []string
}

// Translate rewrites flags for a version. What this version does not know is left out with a remark. The remarks name flags, never their values,
// which may be secrets.
func Translate(flags []Flag, v version.Version, listed map[string]bool) (result []Flag, remarks []string) {
	t := &translator{v: v, listed: listed}
	for _, f := range flags {
		t.take(f)
	}
	if len(t.gates) > 0 {
		t.result = append(t.result, Flag{gates, strings.Join(t.gates, ","), true})
	}
	return t.result, t.remarks
}

func (t *translator) accepts(name string) bool {
	return t.listed[name] || serverFlags.accepts(name, t.v)
}

func (t *translator) remark(format string, arguments ...any) {
	t.remarks = append(t.remarks, fmt.Sprintf(format, arguments...))
}

func (t *translator) take(f Flag) {
	switch {
	case f.Name == "logger" && f.Value == "capnslog" && t.v.AtLeast(3, 5, 0):
		t.remark("--logger left out: capnslog ended with etcd 3.4")
	case f.Name == "v2-deprecation" && f.Value == SkipV2Check && !CanSkipV2Check(t.v):
		t.remark("--v2-deprecation left out: etcd %s does not know %s", t.v, SkipV2Check)
	case f.Name == gates && t.accepts(gates):
		t.gates = append(t.gates, f.Value)
	case t.accepts(f.Name):
		t.result = append(t.result, f)
	case f.Name == "debug" && f.HasValue && f.Value != "true":
		t.remark("--debug left out: etcd %s has it no more", t.v)
	case f.Name == gates:
		t.ungate(f)
	default:
		t.rename(f)
	}
}

// rename looks for another name under which the version has the flag.
func (t *translator) rename(f Flag) {
	if gate := featureGates[f.Name]; gate != "" && t.accepts(gates) {
		value := "true"
		if f.HasValue {
			value = f.Value
		}
		t.gates = append(t.gates, gate+"="+value)
		t.remark("--%s became --%s=%s=… for etcd %s", f.Name, gates, gate, t.v)
		return
	}
	candidates := []Flag{successors[f.Name], {Name: "experimental-" + f.Name}}
	if short := strings.TrimPrefix(f.Name, "experimental-"); short != f.Name {
		candidates = []Flag{{Name: short}}
	}
	for _, c := range candidates {
		if c.Name == "" || !t.accepts(c.Name) {
			continue
		}
		if !c.HasValue {
			c.Value, c.HasValue = f.Value, f.HasValue
		}
		t.result = append(t.result, c)
		t.remark("--%s became --%s for etcd %s", f.Name, c.Name, t.v)
		return
	}
	switch later := serverFlags.after(f.Name, t.v); {
	case !later.IsZero():
		t.remark("--%s left out: it is new in etcd %s", f.Name, later)
	case len(serverFlags[f.Name]) > 0:
		t.remark("--%s left out: etcd %s has it no more", f.Name, t.v)
	default:
		t.remark("--%s left out: etcd %s does not know it", f.Name, t.v)
	}
}

// ungate writes feature gates as the flags that they were before 3.6.
func (t *translator) ungate(f Flag) {
	for _, part := range strings.Split(f.Value, ",") {
		gate, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		name := flagOfGate(gate)
		if name == "" || !t.accepts(name) {
			t.remark("--%s left out: etcd %s has no %.60q", gates, t.v, gate)
			continue
		}
		t.result = append(t.result, Flag{name, value, true})
		t.remark("--%s=%s=… became --%s for etcd %s", gates, gate, name, t.v)
	}
}

func flagOfGate(gate string) string {
	for name, g := range featureGates {
		if g == gate {
			return name
		}
	}
	return ""
}

// Unknown lists which of the flags a version refuses or has renamed: what an operator has to change before that etcd starts.
func Unknown(flags []Flag, v version.Version, listed map[string]bool) []string {
	_, remarks := Translate(flags, v, listed)
	sort.Strings(remarks)
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
