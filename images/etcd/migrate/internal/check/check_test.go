package check

import (
	"errors"
	"strings"
	"testing"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/etcd"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/options"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/plan"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

func pair(text string) version.Pair {
	p, err := version.ParsePair(text)
	if err != nil {
		panic(err) // a mistake in the test's own table
	}
	return p
}

// TestFindings has one case for each hazard.
func TestFindings(t *testing.T) {
	for want, c := range map[string]struct {
		from, to string
		change   func(in *Input)
	}{
		"":                {"3.4.23/etcd3", "3.5.16/etcd3", func(*Input) {}},
		"plan":            {"3.4.23/etcd3", "3.5.16/etcd3", func(in *Input) { in.Refusal = errors.New("no") }},
		"damage":          {"3.4.23/etcd3", "3.5.16/etcd3", func(in *Input) { in.State.Facts.Problems = []string{"log"} }},
		"v2-data":         {"3.3.25/etcd3", "3.4.23/etcd3", func(in *Input) { in.State.Facts.V2Keys = true }},
		"v2-data v2-log":  {"3.5.32/etcd3", "3.6.5/etcd3", func(in *Input) { in.State.Facts.V2Keys, in.State.Facts.V2Requests = true, 3 }},
		"v2-records":      {"3.6.14/etcd3", "3.7.1/etcd3", func(in *Input) { in.State.Facts.V2Records = 2 }},
		"other-role":      {"3.5.30/etcd3", "3.6.14/etcd3", func(in *Input) { in.State.Facts.OtherRole = []datadir.Member{{ID: 1, Learner: true}} }},
		"snapshot-ahead":  {"3.0.17/etcd2", "3.1.20/etcd2", func(in *Input) { in.State.Facts.SnapshotAhead, in.State.Facts.HasDatabase = true, false }},
		"learner":         {"3.5.16/etcd3", "3.6.5/etcd3", func(in *Input) { in.State.Facts.Members = []datadir.Member{{ID: 1, Learner: true}} }},
		"leftover-member": {"3.5.16/etcd3", "3.6.5/etcd3", func(in *Input) { in.State.Facts.Leftover = []datadir.Member{{ID: 1}} }},
		"patch":           {"3.4.23/etcd3", "3.5.1/etcd3", func(*Input) {}},
		"environment":     {"3.5.16/etcd3", "3.6.5/etcd3", func(in *Input) { in.Environment = []string{"ETCD_ENABLE_V2=true", "ETCD_CREDS=x", "PATH=y"} }},
		"extra-args":      {"3.4.23/etcd3", "3.5.16/etcd3", func(in *Input) { in.Options.Extra = []etcd.Flag{{Name: "debug"}} }},
		"listen":          {"3.1.20/etcd3", "3.2.32/etcd3", func(in *Input) { in.Options.ListenPeerURLs = "https://etcd.example:2380" }},
		"owner":           {"3.4.23/etcd3", "3.5.16/etcd3", func(in *Input) { in.Foreign = true }},
		"mode":            {"3.4.23/etcd3", "3.5.16/etcd3", func(in *Input) { in.Mode = 0o755 }},
		"space":           {"3.4.23/etcd3", "3.5.16/etcd3", func(in *Input) { in.Free, in.Need = 1, 2 }},
	} {
		in := Input{
			Options: &options.Options{Name: "m", Target: pair(c.to), ListenPeerURLs: "http://localhost:1", ListenClientURLs: "http://127.0.0.1:2"},
			State:   &datadir.State{Facts: &datadir.Facts{HasDatabase: true}}, Plan: &plan.Plan{Current: pair(c.from), Known: true}, Free: -1, Mode: 0o700,
		}
		c.change(&in)
		var codes []string
		for _, f := range Run(in) {
			if f.Severity != Note {
				codes = append(codes, f.Code)
			}
		}
		if got := strings.Join(codes, " "); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}
