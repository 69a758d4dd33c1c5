package durable

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"sort"
	"testing"
)

func put(t *testing.T, path, content string, mode fs.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	list := []string{}
	for _, entry := range entries {
		list = append(list, entry.Name())
	}
	sort.Strings(list)
	return list
}

// TestWriteFileReplacesTheWholeFile has one case for each thing that may be there before.
func TestWriteFileReplacesTheWholeFile(t *testing.T) {
	for name, before := range map[string]func(path string){
		"nothing":                     func(string) {},
		"a longer file":               func(path string) { put(t, path, "a much longer content", 0o600) },
		"what an earlier write left":  func(path string) { put(t, path+"-next", "half", 0o600) },
		"a file that may not be read": func(path string) { put(t, path, "x", 0o000) },
	} {
		path := filepath.Join(t.TempDir(), "file")
		before(path)
		if err := WriteFile(path, []byte("new"), 0o644); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		content, err := os.ReadFile(path)
		if err != nil || string(content) != "new" || !reflect.DeepEqual(names(t, filepath.Dir(path)), []string{"file"}) {
			t.Errorf("%s: %q, %v, %q", name, content, err, names(t, filepath.Dir(path)))
		}
	}
	folder := filepath.Join(t.TempDir(), "folder")
	put(t, filepath.Join(folder, "inside"), "x", 0o600)
	if err := WriteFile(folder, []byte("new"), 0o644); err == nil {
		t.Error("a folder was replaced by a file")
	}
	if got := names(t, filepath.Dir(folder)); !reflect.DeepEqual(got, []string{"folder"}) {
		t.Errorf("%q", got)
	}
}

// TestReplaceFileBreaksLinks: another name of the old file keeps its content.
func TestReplaceFileBreaksLinks(t *testing.T) {
	folder := t.TempDir()
	source, path, other := filepath.Join(folder, "etcd-2"), filepath.Join(folder, "etcd"), filepath.Join(folder, "etcd-1")
	put(t, source, "two", 0o755)
	put(t, other, "one", 0o755)
	if err := os.Link(other, path); err != nil {
		t.Fatal(err)
	}
	if err := ReplaceFile(source, path); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{path: "two", other: "one", source: "two"} {
		if content, err := os.ReadFile(name); err != nil || string(content) != want {
			t.Errorf("%s: %q, %v", name, content, err)
		}
	}
	if err := ReplaceFile(filepath.Join(folder, "none"), path); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// TestCopyTree has one case for each kind of thing in a tree.
func TestCopyTree(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "from"), filepath.Join(t.TempDir(), "to")
	sparse := string(make([]byte, 3*blockSize)) + "end"
	put(t, filepath.Join(from, "a"), "content", 0o640)
	put(t, filepath.Join(from, "empty"), "", 0o600)
	put(t, filepath.Join(from, "deep", "deeper", "b"), sparse, 0o600)
	put(t, filepath.Join(from, "skipped", "c"), "x", 0o600)
	put(t, filepath.Join(from, "deep", "skipped"), "y", 0o600)
	if runtime.GOOS != "windows" {
		if err := os.Symlink("a", filepath.Join(from, "link")); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := CopyTree(from, to, map[string]bool{"skipped": true})
	if err != nil {
		t.Fatal(err)
	}
	if len(tree) != 4 || Exists(filepath.Join(to, "skipped")) || !Exists(filepath.Join(to, "deep", "skipped")) {
		t.Errorf("%v", tree)
	}
	content, err := os.ReadFile(filepath.Join(to, "deep", "deeper", "b"))
	if err != nil || !bytes.Equal(content, []byte(sparse)) {
		t.Errorf("%d bytes, %v", len(content), err)
	}
	if runtime.GOOS != "windows" {
		if link, err := os.Readlink(filepath.Join(to, "link")); err != nil || link != "a" {
			t.Errorf("%q, %v", link, err)
		}
		if info, err := os.Stat(filepath.Join(to, "a")); err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("%v, %v", info, err)
		}
	}
	if _, err := CopyTree(from, to, nil); err == nil {
		t.Error("a copy wrote over another one")
	}
}

// TestVerifyFindsEveryChange of a copy.
func TestVerifyFindsEveryChange(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"other bytes": func(path string) error { return os.WriteFile(path, []byte("contenT"), 0o600) },
		"shorter":     func(path string) error { return os.Truncate(path, 3) },
		"gone":        os.Remove,
	} {
		from, to := filepath.Join(t.TempDir(), "from"), filepath.Join(t.TempDir(), "to")
		put(t, filepath.Join(from, "a"), "content", 0o600)
		tree, err := CopyTree(from, to, nil)
		if err != nil || Verify(to, tree) != nil {
			t.Fatal(err)
		}
		if err := change(filepath.Join(to, "a")); err != nil {
			t.Fatal(err)
		}
		if Verify(to, tree) == nil {
			t.Errorf("%s: not found", name)
		}
	}
}

func TestCopyTreeHasALimitOfDepth(t *testing.T) {
	from := t.TempDir()
	path := from
	for i := 0; i < maxTreeDepth+2; i++ {
		path = filepath.Join(path, "d")
	}
	put(t, filepath.Join(path, "f"), "x", 0o600)
	if _, err := CopyTree(from, filepath.Join(t.TempDir(), "to"), nil); err == nil {
		t.Error("a tree without an end would be copied for ever")
	}
}

// TestRemoveAllFinishesWhatWasCutShort: a folder that an earlier call had put aside goes too.
func TestRemoveAllFinishesWhatWasCutShort(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "data")
	for _, prepare := range []func(){
		func() {},
		func() { put(t, filepath.Join(path, "a"), "x", 0o600) },
		func() { put(t, filepath.Join(path+".removed", "a"), "x", 0o600) },
		func() {
			put(t, filepath.Join(path, "a"), "x", 0o600)
			put(t, filepath.Join(path+".removed", "b"), "x", 0o600)
		},
	} {
		prepare()
		if err := RemoveAll(path); err != nil || len(names(t, folder)) > 0 {
			t.Errorf("%v, %q", err, names(t, folder))
		}
	}
}

// TestExchange: where the system can exchange, both names exist at every moment; where it cannot, it says so and changes nothing.
func TestExchange(t *testing.T) {
	folder := t.TempDir()
	a, b := filepath.Join(folder, "a"), filepath.Join(folder, "b")
	put(t, filepath.Join(a, "x"), "a", 0o600)
	put(t, filepath.Join(b, "x"), "b", 0o600)
	done, err := Exchange(a, b)
	if err != nil {
		t.Fatal(err)
	}
	want := map[bool]string{true: "b", false: "a"}[done]
	if content, err := os.ReadFile(filepath.Join(a, "x")); err != nil || string(content) != want {
		t.Errorf("done %t: %q, %v", done, content, err)
	}
	if done, err := Exchange(a, filepath.Join(folder, "none")); done && err == nil {
		t.Error("a folder was exchanged with nothing")
	}
}

func TestRenameAndMakeDir(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a", "b")
	if err := MakeDir(path, 0o700); err != nil || !Exists(path) {
		t.Fatal(err)
	}
	if err := Rename(path, filepath.Join(folder, "c")); err != nil || Exists(path) || !Exists(filepath.Join(folder, "c")) {
		t.Error(err)
	}
	if err := Rename(path, filepath.Join(folder, "d")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if free, err := Free(filepath.Join(folder, "not", "there")); err != nil || free <= 0 {
		t.Errorf("%d, %v", free, err)
	}
	put(t, filepath.Join(folder, "c", "f"), "0123456789", 0o600)
	if size, err := Measure(folder, nil); err != nil || size < 10 {
		t.Errorf("%d, %v", size, err)
	}
	if size, err := Measure(folder, map[string]bool{"c": true}); err != nil || size != 0 {
		t.Errorf("%d, %v", size, err)
	}
}
