// Package durable changes files so that a crash, a kill or a full disk leaves the old state or the new one, never a
// part of either.
package durable

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFile replaces a file's content. The new content has its final mode before it gets its name; on failure the old file is untouched.
func WriteFile(path string, content []byte, mode fs.FileMode) error {
	return writeVia(path+"-next", path, mode, func(out *os.File) error {
		_, err := out.Write(content)
		return err
	})
}

// ReplaceFile copies source over path, as WriteFile does: a hard link that path shares with other names is broken, not written through.
func ReplaceFile(source, path string) error {
	in, err := os.Open(source)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	next := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"-next")
	return writeVia(next, path, CopyMode(info.Mode()), func(out *os.File) error {
		if _, err := io.Copy(out, in); err != nil {
			return err
		}
		return out.Chmod(CopyMode(info.Mode()))
	})
}

func writeVia(next, path string, mode fs.FileMode, write func(*os.File) error) error {
	if err := fault("write", path); err != nil {
		return err
	}
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	out, err := os.OpenFile(next, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	err = write(out)
	if err == nil {
		err = out.Sync()
	}
	if closing := out.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = keepOwner(next, path)
	}
	if err == nil {
		err = Rename(next, path)
	}
	if err != nil {
		os.Remove(next)
	}
	return err
}

// keepOwner gives a new file the owner of the one it replaces, or else of the folder it is in.
func keepOwner(next, path string) error {
	owner, err := OwnerOf(path)
	if err != nil {
		if owner, err = OwnerOf(filepath.Dir(path)); err != nil {
			return err
		}
	}
	return owner.Give(next)
}

// Rename renames, and makes the new name survive a crash.
func Rename(from, to string) error {
	if err := fault("rename", to); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	if err := SyncDir(filepath.Dir(to)); err != nil {
		return err
	}
	if filepath.Dir(from) == filepath.Dir(to) {
		return nil
	}
	return SyncDir(filepath.Dir(from))
}

// MakeDir makes a folder and, like mkdir -p, those above it; the folder it is in keeps its name after a crash.
func MakeDir(path string, mode fs.FileMode) error {
	if err := fault("mkdir", path); err != nil {
		return err
	}
	if err := os.MkdirAll(path, mode); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// RemoveAll deletes a tree in such an order that a crash cannot make a part of it pass for the whole: it gets another
// name first.
func RemoveAll(path string) error {
	doomed := path + ".removed" // there already, if an earlier call was cut short
	if err := os.RemoveAll(doomed); err != nil {
		return err
	}
	if !Exists(path) {
		return nil
	}
	if err := fault("remove", path); err != nil {
		return err
	}
	if err := os.Rename(path, doomed); err != nil {
		return os.RemoveAll(path) // a mount point cannot be renamed
	}
	return os.RemoveAll(doomed)
}

// Exists reports whether the path names anything.
func Exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
