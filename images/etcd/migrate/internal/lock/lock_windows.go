package lock

import (
	"errors"
	"syscall"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/durable"
)

const (
	deleteOnClose     = 0x04000000
	accessReadDelete  = syscall.GENERIC_READ | 0x00010000
	shareWithNobody   = 0
	ordinaryAttribute = syscall.FILE_ATTRIBUTE_NORMAL
)

// lockDirectory holds a file beside the directory open for itself alone; the system deletes it with the handle.
func lockDirectory(directory string) (func(), error) {
	handle, err := openAlone(directory+".migrate-lock", accessReadDelete, syscall.OPEN_ALWAYS, ordinaryAttribute|deleteOnClose)
	if err != nil {
		return nil, err
	}
	return func() { syscall.CloseHandle(handle) }, nil
}

// probe opens the file for itself alone, which fails while any other process has it open.
func probe(path string) error {
	handle, err := openAlone(path, syscall.GENERIC_READ, syscall.OPEN_EXISTING, ordinaryAttribute)
	if errors.Is(err, syscall.ERROR_FILE_NOT_FOUND) || errors.Is(err, syscall.ERROR_PATH_NOT_FOUND) {
		return nil
	}
	if err != nil {
		return err
	}
	return syscall.CloseHandle(handle)
}

func openAlone(path string, access, disposition, attributes uint32) (syscall.Handle, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return syscall.InvalidHandle, err
	}
	handle, err := syscall.CreateFile(name, access, shareWithNobody, nil, disposition, attributes, 0)
	if durable.InUse(err) {
		err = errBusy
	}
	return handle, err
}
