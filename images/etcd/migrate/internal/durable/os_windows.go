package durable

import (
	"errors"
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

const (
	addFile, addSubdirectory = 0x2, 0x4
	accessDelete             = 0x00010000
	shareWithAll             = syscall.FILE_SHARE_READ | syscall.FILE_SHARE_WRITE | 0x4 // FILE_SHARE_DELETE
)

// Writable reports whether names can be made in a folder. The system is asked for the right to, and nothing is made.
func Writable(folder string) bool {
	return tryOpen(folder, addFile|addSubdirectory, syscall.FILE_FLAG_BACKUP_SEMANTICS) == nil
}

// refusal is what keeps ReplaceFile from replacing a file; empty if nothing does. The right to write is asked for beside that to delete, since only
// the former is denied for a program that runs and for a file that is read-only; neither can be replaced.
func refusal(path string) string {
	if !Writable(filepath.Dir(path)) {
		return folderNotWritable
	}
	err := tryOpen(path, syscall.GENERIC_WRITE|accessDelete, syscall.FILE_ATTRIBUTE_NORMAL)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return windowsReason(err)
}

func tryOpen(path string, access, attributes uint32) error {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return err
	}
	handle, err := syscall.CreateFile(name, access, shareWithAll, nil, syscall.OPEN_EXISTING, attributes, 0)
	if err != nil {
		return err
	}
	return syscall.CloseHandle(handle)
}

// CopyMode is the mode of a program that ReplaceFile puts in the place of another one: not read-only, since such a file can never be replaced again.
func CopyMode(source fs.FileMode) fs.FileMode { return source.Perm() | 0o200 }

// InUse reports an error that says that another process has the file, or a part of it, for itself.
func InUse(err error) bool { return isWindowsInUse(err) }

// IsMountPoint reports a folder that a volume or another folder is mounted on, such as a container's.
func IsMountPoint(folder string) bool {
	info, err := os.Lstat(folder)
	return err == nil && info.Mode()&(fs.ModeSymlink|fs.ModeIrregular) != 0
}

// Mine is always true.
func Mine(Owner) bool { return true }
