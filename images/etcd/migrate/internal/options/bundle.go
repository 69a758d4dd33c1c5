package options

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/etcd"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

func (r *resolver) bundle() (err error) {
	o := r.o
	standard, err := defaultBinDir(runtime.GOOS, os.Executable)
	if err != nil && r.flags.binDir == "" {
		return usage("the folder of migrate itself is unknown (%v); name that of the programs with --bin-dir", err)
	}
	if o.BinDir, err = r.pick(r.flags.binDir, "", standard, "bin-dir"); err != nil {
		return err
	}
	texts := r.flags.bundled.values
	if len(texts) == 0 {
		if texts, err = listBundle(o.BinDir); err != nil {
			return err
		}
	}
	if o.Bundle, err = version.NewBundle(texts); err != nil {
		return usage("bundled versions: %v", err)
	}
	o.MoveBinaries = r.getenv("DO_NOT_MOVE_BINARIES") != "true"
	return checkBundle(o.BinDir, o.Bundle)
}

func checkBundle(directory string, bundle version.Bundle) error {
	programs := etcd.Programs{Dir: directory}
	for _, v := range bundle {
		for _, program := range []string{"etcd", "etcdctl"} {
			if !programs.Has(program, v) {
				return usage("the image says that it holds etcd %s, but there is no %s", v, programs.Path(program, v))
			}
		}
	}
	return nil
}

// defaultBinDir is where the image has its programs. On Windows /usr/local/bin would be a folder of whatever drive is the current one, so it is the folder
// of migrate itself. Linux is not asked for that: it does not know without /proc.
func defaultBinDir(system string, self func() (string, error)) (string, error) {
	if system != "windows" {
		return "/usr/local/bin", nil
	}
	path, err := self()
	return strings.TrimRight(path[:strings.LastIndexAny(path, `\/`)+1], `\/`), err
}

// maxList bounds the file that lists the bundled versions.
const maxList = 64 << 10

// listBundle reads what the image says it holds, or else looks for itself.
func listBundle(directory string) ([]string, error) {
	path := filepath.Join(filepath.Dir(directory), "share", "etcd", "bundled-versions")
	if info, err := os.Stat(path); err == nil && info.Size() <= maxList {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		return strings.Fields(string(content)), nil
	}
	names, err := filepath.Glob(filepath.Join(directory, "etcd-*"+etcd.Suffix))
	if err != nil {
		return nil, usage("%s: %v", directory, err)
	}
	var texts []string
	for _, name := range names {
		text := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(name), "etcd-"), etcd.Suffix)
		if _, err := version.Parse(text); err == nil {
			texts = append(texts, text)
		}
	}
	return texts, nil
}
