//go:build unix

package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Owner is whom a file belongs to.
type Owner struct{ UID, GID int }

// OwnerOf reads a file's owner.
func OwnerOf(path string) (Owner, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return Owner{}, err
	}
	return ownerOf(info), nil
}

func ownerOf(info fs.FileInfo) Owner {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return Owner{int(stat.Uid), int(stat.Gid)}
	}
	return Owner{os.Getuid(), os.Getgid()}
}

// Give makes the owner that of a file. Only root can, and only root needs to: others make files of their own.
func (o Owner) Give(path string) error {
	current, err := OwnerOf(path)
	if err != nil || current == o || os.Geteuid() != 0 {
		return err
	}
	return os.Lchown(path, o.UID, o.GID)
}

// SyncDir makes the names in a folder survive a crash.
func SyncDir(path string) error {
	if err := fault("sync", path); err != nil {
		return err
	}
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	defer directory.Close()
	err = directory.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil // some network file systems have no sync of folders
	}
	return err
}

func syncFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return file.Sync()
}

// Free is the number of bytes that the user may still write where path is, or would be.
func Free(path string) (int64, error) {
	var stat syscall.Statfs_t
	for {
		err := syscall.Statfs(path, &stat)
		if err == nil {
			return int64(stat.Bavail) * int64(stat.Bsize), nil
		}
		parent := filepath.Dir(path)
		if !errors.Is(err, syscall.ENOENT) || parent == path {
			return 0, err
		}
		path = parent
	}
}

// SameFileSystem reports whether a rename from one to the other can work.
func SameFileSystem(a, b string) bool {
	var x, y syscall.Stat_t
	return syscall.Stat(a, &x) == nil && syscall.Stat(b, &y) == nil && x.Dev == y.Dev
}

func allocated(info fs.FileInfo) int64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int64(stat.Blocks) * 512
	}
	return info.Size()
}

// Writable reports whether names can be made in a folder.
func Writable(folder string) bool {
	const write, search = 2, 1
	return syscall.Access(folder, write|search) == nil
}

// refusal is what keeps ReplaceFile from replacing a file; empty if nothing does.
func refusal(path string) string {
	if !Writable(filepath.Dir(path)) {
		return folderNotWritable
	}
	return ""
}

// CopyMode is the mode of a program that ReplaceFile puts in the place of another one.
func CopyMode(source fs.FileMode) fs.FileMode { return source.Perm() }

// InUse is never so: no lock keeps a file from being read.
func InUse(error) bool { return false }

// IsMountPoint reports whether the folder is the top of a file system, which cannot be renamed and has no siblings in it.
func IsMountPoint(folder string) bool {
	return Exists(folder) && !SameFileSystem(folder, filepath.Dir(folder))
}

// Mine reports whether the owner is the user of this process.
func Mine(o Owner) bool { return o.UID == os.Geteuid() }
