package durable

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unsafe"
)

// Owner is empty on Windows: new files take the access list of the folder they are made in.
type Owner struct{}

// OwnerOf only checks that the file exists.
func OwnerOf(path string) (Owner, error) {
	_, err := os.Lstat(path)
	return Owner{}, err
}

// Give does nothing.
func (Owner) Give(string) error { return nil }

// SyncDir does nothing: NTFS journals its names, and a folder cannot be flushed.
func SyncDir(path string) error { return fault("sync", path) }

func syncFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	return file.Sync()
}

var freeSpace = syscall.NewLazyDLL("kernel32.dll").NewProc("GetDiskFreeSpaceExW")

// Free is the number of bytes that the user may still write where path is, or would be.
func Free(path string) (int64, error) {
	for !Exists(path) && filepath.Dir(path) != path {
		path = filepath.Dir(path)
	}
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return 0, err
	}
	var free uint64
	if ok, _, err := freeSpace.Call(uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&free)), 0, 0); ok == 0 {
		return 0, err
	}
	return int64(free), nil
}

// SameFileSystem compares the volumes. A volume mounted in a folder is not noticed; the rename then fails and says so.
func SameFileSystem(a, b string) bool {
	return strings.EqualFold(filepath.VolumeName(a), filepath.VolumeName(b))
}

func allocated(info fs.FileInfo) int64 { return info.Size() }

// Writable is assumed: access lists are not looked at, and the write itself tells.
func Writable(string) bool { return true }

// IsMountPoint reports a folder that a volume or another folder is mounted on, such as a container's.
func IsMountPoint(folder string) bool {
	info, err := os.Lstat(folder)
	return err == nil && info.Mode()&(fs.ModeSymlink|fs.ModeIrregular) != 0
}

// Mine is always true.
func Mine(Owner) bool { return true }
