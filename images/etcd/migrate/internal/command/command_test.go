package command

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/etcd"
)

// room is a data directory and a folder of programs that do nothing.
func room(t testing.TB) (dir string, environment map[string]string, arguments []string) {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, v := range []string{"3.4.23", "3.5.16"} {
		for _, program := range []string{"etcd", "etcdctl"} {
			if err := os.WriteFile(filepath.Join(bin, program+"-"+v+etcd.Suffix), nil, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	dir = filepath.Join(t.TempDir(), "data")
	environment = map[string]string{"ETCD_HOSTNAME": "h", "DATA_DIRECTORY": dir, "TARGET_VERSION": "3.5.16", "TARGET_STORAGE": "etcd3", "DO_NOT_MOVE_BINARIES": "true"}
	return dir, environment, []string{"--bin-dir=" + bin}
}

func invoke(environment map[string]string, arguments ...string) (code int, stdout, stderr string) {
	var out, errors bytes.Buffer
	var list []string
	for name, value := range environment {
		list = append(list, name+"="+value)
	}
	code = Main(arguments, func(name string) string { return environment[name] }, list, &out, &errors)
	return code, out.String(), errors.String()
}

func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestExitCodes: outcomes can be told apart, none prints a stack.
func TestExitCodes(t *testing.T) {
	for name, c := range map[string]struct {
		prepare   func(dir string, environment map[string]string)
		arguments []string
		code      int
	}{
		"new":              {nil, nil, ExitDone},
		"help":             {nil, []string{"--help"}, ExitDone},
		"unknown flag":     {nil, []string{"--bogus"}, ExitUsage},
		"malformed flag":   {nil, []string{"--port=x"}, ExitUsage},
		"unknown command":  {nil, []string{"dance"}, ExitUsage},
		"stray word":       {nil, []string{"run", "--verbose", "stray"}, ExitUsage},
		"bad target":       {func(_ string, e map[string]string) { e["TARGET_VERSION"] = "3.5" }, nil, ExitUsage},
		"bad storage":      {func(_ string, e map[string]string) { e["TARGET_STORAGE"] = "etcd4" }, nil, ExitUsage},
		"version unknown":  {func(d string, _ map[string]string) { write(t, d+"/notes", "x") }, nil, ExitUnknown},
		"a backup beside":  {func(d string, _ map[string]string) { write(t, d+".bak/x", "x") }, nil, ExitRefused},
		"major 4":          {func(_ string, e map[string]string) { e["TARGET_VERSION"] = "4.0.0" }, nil, ExitRefused},
		"not in the image": {func(_ string, e map[string]string) { delete(e, "DO_NOT_MOVE_BINARIES"); e["TARGET_VERSION"] = "3.5.17" }, nil, ExitRefused},
		"start anyway": {func(d string, e map[string]string) {
			write(t, d+"/notes", "x")
			e["MIGRATE_ON_FAILURE"] = "start-anyway"
		}, nil, ExitDone},
		"start anyway, no data": {func(d string, e map[string]string) {
			write(t, d+".bak/x", "x")
			e["MIGRATE_ON_FAILURE"] = "start-anyway"
		}, nil, ExitRefused},
		"a broken journal": {func(d string, _ map[string]string) { write(t, d+".migrate/journal.json", "{") }, nil, ExitConflict},
		"a file":           {func(d string, _ map[string]string) { write(t, d, "x") }, nil, ExitFailed},
		"plan":             {nil, []string{"plan"}, ExitDone},
		"check":            {nil, []string{"check"}, ExitDone},
		"plan, refused":    {func(d string, _ map[string]string) { write(t, d+".bak/x", "x") }, []string{"plan", "--json"}, ExitRefused},
		"cluster":          {nil, []string{"cluster"}, ExitUsage},
		"no endpoints":     {nil, []string{"cluster", "check"}, ExitUsage},
		"nobody there":     {nil, []string{"cluster", "check", "--endpoints=127.0.0.1:1", "--timeout=1s"}, ExitHazard},
	} {
		t.Run(name, func(t *testing.T) {
			dir, environment, bin := room(t)
			if c.prepare != nil {
				c.prepare(dir, environment)
			}
			arguments := append(append([]string{}, c.arguments...), bin...)
			if len(c.arguments) > 0 && (c.arguments[0] == "cluster" || c.arguments[0] == "run" || c.arguments[0] == "dance") {
				arguments = c.arguments
			}
			code, stdout, stderr := invoke(environment, arguments...)
			if code != c.code {
				t.Errorf("exit code %d, not %d\n%s%s", code, c.code, stdout, stderr)
			}
			if strings.Contains(stderr, "goroutine") {
				t.Error(stderr)
			}
		})
	}
}

// TestServeNeedsNoShell: what pods had a shell for works without one: see serve, and the checks of health that cluster check makes.
func TestServeNeedsNoShell(t *testing.T) {
	ours, theirs := split([]string{"--name=m", "--", "--listen-client-urls=x", "--", "y"})
	if len(ours) != 1 || len(theirs) != 3 {
		t.Errorf("%q, %q", ours, theirs)
	}
	for _, c := range []struct {
		arguments, environment []string
		want                   bool
	}{
		{[]string{"--data-dir=/x"}, nil, true}, {[]string{"-data-dir", "/x"}, nil, true}, {nil, []string{"ETCD_DATA_DIR=/x"}, true},
		{[]string{"--config-file=/x"}, nil, true}, {[]string{"--data-directory=/x"}, []string{"DATA_DIR=/x"}, false},
	} {
		if given(c.arguments, c.environment, "data-dir") != c.want {
			t.Errorf("%+v", c)
		}
	}
}

func FuzzMain(f *testing.F) {
	for _, seed := range []string{"plan", "check --json", "--data-dir= --port 70000", "cluster check --endpoints ,", "run -- x", "plan --initial-cluster==,=,x"} {
		f.Add(seed, "3.4.23/etcd3")
	}
	dir, environment, bin := room(f)
	f.Fuzz(func(t *testing.T, line, recorded string) {
		if strings.HasPrefix(line, "serve") || strings.Contains(line, "dir") || strings.Contains(line, "snapshot") || strings.Contains(line, "cluster") {
			t.Skip() // these look at, or leave, places outside the test
		}
		write(t, dir+"/version.txt", recorded)
		if code, _, stderr := invoke(environment, append(strings.Fields(line), bin...)...); strings.Contains(stderr, "internal error") {
			t.Errorf("%d: %s", code, stderr)
		}
	})
}
