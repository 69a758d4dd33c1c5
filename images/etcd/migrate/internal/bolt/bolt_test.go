package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"os"
	"path/filepath"
	"testing"
)

const pageSize = 512

// page writes one page: its header, and elements with their keys and values behind them. A branch has page numbers in the place of values.
func page(id uint64, flags uint16, overflow uint32, pairs ...[]byte) []byte {
	content := make([]byte, headerSize+len(pairs)/2*16)
	binary.LittleEndian.PutUint64(content, id)
	binary.LittleEndian.PutUint16(content[8:], flags)
	binary.LittleEndian.PutUint16(content[10:], uint16(len(pairs)/2))
	binary.LittleEndian.PutUint32(content[12:], overflow)
	for i := 0; i+1 < len(pairs); i += 2 {
		at := headerSize + i/2*16
		position := uint32(len(content) - at)
		head := content[at:]
		if flags&flagBranch != 0 {
			binary.LittleEndian.PutUint32(head, position)
			binary.LittleEndian.PutUint32(head[4:], uint32(len(pairs[i])))
			copy(head[8:], pairs[i+1])
			content = append(content, pairs[i]...)
			continue
		}
		binary.LittleEndian.PutUint32(head[4:], position)
		binary.LittleEndian.PutUint32(head[8:], uint32(len(pairs[i])))
		binary.LittleEndian.PutUint32(head[12:], uint32(len(pairs[i+1])))
		content = append(append(content, pairs[i]...), pairs[i+1]...)
	}
	if length := int(overflow+1) * pageSize; len(content) < length {
		content = append(content, make([]byte, length-len(content))...)
	}
	return content
}

func metaPage(id, root, pages, transaction uint64) []byte {
	content := page(id, 0x04, 0)
	b := content[headerSize:]
	binary.LittleEndian.PutUint32(b, magic)
	binary.LittleEndian.PutUint32(b[4:], formatVersion)
	binary.LittleEndian.PutUint32(b[8:], pageSize)
	binary.LittleEndian.PutUint64(b[16:], root)
	binary.LittleEndian.PutUint64(b[40:], pages)
	binary.LittleEndian.PutUint64(b[48:], transaction)
	sum := fnv.New64a()
	sum.Write(b[:56])
	binary.LittleEndian.PutUint64(b[56:], sum.Sum64())
	return content
}

// bucketOf is a leaf with one bucket, whose root is a page.
func bucketOf(id uint64, name string, root uint64) []byte {
	value := make([]byte, 16)
	binary.LittleEndian.PutUint64(value, root)
	content := page(id, flagLeaf, 0, []byte(name), value)
	content[headerSize] = 1 // the element is a bucket
	return content
}

func number(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }

func open(t *testing.T, pages ...[]byte) (*File, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "db")
	if err := os.WriteFile(path, bytes.Join(pages, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err == nil {
		t.Cleanup(func() { f.Close() })
	}
	return f, err
}

// keysOf walks a bucket.
func keysOf(f *File, name string) (string, error) {
	bucket, err := f.Bucket(name)
	if err != nil {
		return "", err
	}
	text := ""
	err = bucket.Each(func(key, value []byte) error { text += string(key) + "=" + string(value) + " "; return nil })
	return text, err
}

// TestTree reads a tree of two levels, and finds its keys.
func TestTree(t *testing.T) {
	f, err := open(t, metaPage(0, 2, 7, 1), metaPage(1, 2, 7, 2), bucketOf(2, "key", 3), page(3, flagBranch, 0, []byte("a"), number(4), []byte("m"), number(5)),
		page(4, flagLeaf, 0, []byte("a"), []byte("1"), []byte("c"), []byte("2")), page(5, flagLeaf, 1, []byte("m"), bytes.Repeat([]byte("x"), 600)), make([]byte, 0))
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := f.Bucket("key")
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"a": "1", "c": "2", "m": string(bytes.Repeat([]byte("x"), 600)), "0": "", "b": "", "d": "", "z": ""} {
		if value, err := bucket.Get(key); err != nil || string(value) != want {
			t.Errorf("%s: %q, %v", key, value, err)
		}
	}
	if key, _, err := bucket.Last(); err != nil || string(key) != "m" {
		t.Errorf("the last key is %q, %v", key, err)
	}
	if other, err := f.Bucket("none"); other != nil || err != nil {
		t.Errorf("%v, %v", other, err)
	}
	var none *Bucket
	if value, err := none.Get("a"); value != nil || err != nil || none.Each(nil) != nil {
		t.Errorf("%q, %v", value, err)
	}
}

// TestMetaPages: the newer valid one of the two counts.
func TestMetaPages(t *testing.T) {
	broken := func(content []byte) []byte { content[headerSize+20] ^= 1; return content }
	leaf := func(id uint64, value string) []byte { return page(id, flagLeaf, 0, []byte("k"), []byte(value)) }
	rest := [][]byte{bucketOf(2, "key", 4), bucketOf(3, "key", 5), leaf(4, "old"), leaf(5, "new")}
	for name, c := range map[string]struct {
		first, second []byte
		want          string
	}{
		"the second is newer":                {metaPage(0, 2, 6, 1), metaPage(1, 3, 6, 2), "k=new "},
		"the first is newer":                 {metaPage(0, 3, 6, 3), metaPage(1, 2, 6, 2), "k=new "},
		"the newer is broken":                {metaPage(0, 2, 6, 1), broken(metaPage(1, 3, 6, 2)), "k=old "},
		"the first is broken, and was newer": {broken(metaPage(0, 3, 6, 3)), metaPage(1, 2, 6, 2), "k=old "},
		"both are broken":                    {broken(metaPage(0, 2, 6, 1)), broken(metaPage(1, 3, 6, 2)), ""},
	} {
		f, err := open(t, append([][]byte{c.first, c.second}, rest...)...)
		if c.want == "" {
			if !errors.Is(err, ErrMalformed) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := keysOf(f, "key"); err != nil || got != c.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// TestDamagedPages has one case for each statement of a file that is checked; none may end in a panic or go on for ever.
func TestDamagedPages(t *testing.T) {
	leaf := page(4, flagLeaf, 0, []byte("k"), []byte("v"))
	change := func(content []byte, at int, bytes ...byte) []byte {
		changed := append([]byte{}, content...)
		copy(changed[at:], bytes)
		return changed
	}
	for name, pages := range map[string][][]byte{
		"a page that is another one":     {bucketOf(2, "key", 4), leaf, change(leaf, 0, 9)},
		"a page of no kind":              {bucketOf(2, "key", 4), leaf, change(leaf, 8, 0x10)},
		"more elements than fit":         {bucketOf(2, "key", 4), leaf, change(leaf, 10, 0xff, 0xff)},
		"an overflow beyond the end":     {bucketOf(2, "key", 4), leaf, change(leaf, 12, 0xff, 0xff)},
		"a key beyond the page":          {bucketOf(2, "key", 4), leaf, change(leaf, headerSize+4, 0xff, 0xff)},
		"a value beyond the page":        {bucketOf(2, "key", 4), leaf, change(leaf, headerSize+12, 0xff, 0xff, 0xff, 0xff)},
		"a root beyond the end":          {bucketOf(2, "key", 77), leaf, leaf},
		"a branch that is its own child": {bucketOf(2, "key", 3), page(3, flagBranch, 0, []byte("a"), number(3), []byte("b"), number(3)), leaf},
		"a bucket without a root":        {page(2, flagLeaf, 0, []byte("key"), []byte("short")), leaf, leaf},
	} {
		if name == "a bucket without a root" {
			pages[0][headerSize] = 1
		}
		f, err := open(t, append([][]byte{metaPage(0, 2, 5, 1), metaPage(1, 2, 5, 2)}, pages...)...)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := keysOf(f, "key"); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		bucket, err := f.Bucket("key")
		if err == nil {
			_, err = bucket.Get("k")
		}
		if !errors.Is(err, ErrMalformed) {
			t.Errorf("%s, one key: %v", name, err)
		}
	}
}

func TestOpenRefusesWhatIsNoFile(t *testing.T) {
	if _, err := Open(t.TempDir()); err == nil {
		t.Error("a folder passes for a database")
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	for _, content := range []string{"", "short", string(make([]byte, 70000))} {
		if _, err := open(t, []byte(content)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%d bytes: %v", len(content), err)
		}
	}
}
