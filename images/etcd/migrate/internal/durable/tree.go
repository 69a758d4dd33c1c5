package durable

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
)

// Limits of a copied tree. A member has a dozen files, two folders deep.
const (
	maxTreeDepth = 16
	maxTreeFiles = 1 << 20
	blockSize    = 1 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Tree is what a copy holds, for verifying it: the size and checksum of each regular file by its path.
type Tree map[string]FileSum

// FileSum identifies a file's content; the sum is CRC-32C.
type FileSum struct {
	Size int64  `json:"size"`
	Sum  uint32 `json:"crc32c"`
}

// CopyTree copies a folder with modes, owners and symbolic links, syncs every file, and reads the copy back. Blocks of zeros become holes: etcd
// reserves its log in advance. Sockets and the like are left out. The names in skip are left out at the top.
func CopyTree(from, to string, skip map[string]bool) (Tree, error) {
	c := &copier{tree: Tree{}, from: from, to: to, skip: skip}
	if err := c.directory(".", 0); err != nil {
		return nil, err
	}
	return c.tree, Verify(to, c.tree)
}

// Verify compares a tree with the sums of a copy.
func Verify(root string, tree Tree) error {
	names := make([]string, 0, len(tree))
	for name := range tree {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		sum, err := sumFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		if sum != tree[name] {
			return fmt.Errorf("%s: the copy differs from the original", name)
		}
	}
	return nil
}

func sumFile(path string) (FileSum, error) {
	file, err := os.Open(path)
	if err != nil {
		return FileSum{}, err
	}
	defer file.Close()
	sum := crc32.New(castagnoli)
	size, err := io.CopyBuffer(struct{ io.Writer }{sum}, struct{ io.Reader }{file}, make([]byte, blockSize))
	return FileSum{size, sum.Sum32()}, err
}

type copier struct {
	tree     Tree
	from, to string
	skip     map[string]bool
}

func (c *copier) directory(name string, depth int) error {
	source, target := filepath.Join(c.from, name), filepath.Join(c.to, name)
	if depth > maxTreeDepth {
		return fmt.Errorf("%s: too deep to copy", source)
	}
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	if err := fault("mkdir", target); err != nil {
		return err
	}
	if err := os.MkdirAll(target, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(source)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if depth == 0 && c.skip[entry.Name()] {
			continue
		}
		if err := c.entry(filepath.Join(name, entry.Name()), entry, depth); err != nil {
			return err
		}
	}
	if err := copyAttributes(source, target, info); err != nil {
		return err
	}
	return SyncDir(target)
}

func (c *copier) entry(name string, entry fs.DirEntry, depth int) error {
	source, target := filepath.Join(c.from, name), filepath.Join(c.to, name)
	switch kind := entry.Type(); {
	case kind.IsDir():
		return c.directory(name, depth+1)
	case kind&fs.ModeSymlink != 0:
		link, err := os.Readlink(source)
		if err != nil {
			return err
		}
		return os.Symlink(link, target)
	case kind.IsRegular():
		if len(c.tree) >= maxTreeFiles {
			return errors.New("too many files to copy")
		}
		sum, err := copyFile(source, target)
		c.tree[filepath.ToSlash(name)] = sum
		return err
	}
	return nil
}

// CopyFile copies one file as CopyTree does.
func CopyFile(from, to string) (FileSum, error) { return copyFile(from, to) }

func copyFile(from, to string) (sum FileSum, err error) {
	if err := fault("write", to); err != nil {
		return sum, err
	}
	in, err := os.Open(from)
	if err != nil {
		return sum, err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return sum, err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return sum, err
	}
	sum, err = copySparse(out, in)
	if err == nil {
		err = out.Sync()
	}
	if closing := out.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = copyAttributes(from, to, info)
	}
	return sum, err
}

var zeros [blockSize]byte

func copySparse(out *os.File, in io.Reader) (FileSum, error) {
	sum := crc32.New(castagnoli)
	block := make([]byte, blockSize)
	size := int64(0)
	for {
		n, err := io.ReadFull(in, block)
		if errors.Is(err, io.EOF) {
			return FileSum{size, sum.Sum32()}, out.Truncate(size)
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return FileSum{}, err
		}
		sum.Write(block[:n])
		if !bytes.Equal(block[:n], zeros[:n]) {
			if _, err := out.WriteAt(block[:n], size); err != nil {
				return FileSum{}, err
			}
		}
		size += int64(n)
	}
}

func copyAttributes(from, to string, info fs.FileInfo) error {
	owner, err := OwnerOf(from)
	if err != nil {
		return err
	}
	if err := owner.Give(to); err != nil {
		return err
	}
	if err := os.Chmod(to, info.Mode().Perm()|info.Mode()&(fs.ModeSetgid|fs.ModeSticky)); err != nil {
		return err
	}
	return os.Chtimes(to, info.ModTime(), info.ModTime())
}

// Measure is the number of bytes in a tree, and its files as the copy counts them.
func Measure(root string, skip map[string]bool) (bytes int64, err error) {
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if filepath.Dir(path) == root && skip[entry.Name()] {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if entry.Type().IsRegular() {
			info, err := entry.Info()
			if err != nil {
				return err
			}
			bytes += allocated(info)
		}
		return nil
	})
	return bytes, err
}

// GiveTree makes owner the owner of everything in a tree that belongs to somebody else.
func GiveTree(root string, owner Owner) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.Type()&fs.ModeSymlink != 0 {
			return nil
		}
		return owner.Give(path)
	})
}

// SyncTree makes a tree that another program wrote survive a crash.
func SyncTree(root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return SyncDir(path)
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		return syncFile(path)
	})
}
