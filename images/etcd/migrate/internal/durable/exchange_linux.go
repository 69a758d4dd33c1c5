package durable

import (
	"runtime"
	"syscall"
	"unsafe"
)

const (
	currentDirectory = ^uintptr(99) // AT_FDCWD, -100
	renameExchange   = 2
)

// renameat2 is the number of the call; package syscall does not name it.
var renameat2 = map[string]uintptr{"amd64": 316, "arm64": 276, "ppc64le": 357}

// Exchange swaps two paths in one step, so that both names exist at every moment. It reports false where the kernel or the file system cannot.
func Exchange(a, b string) (bool, error) {
	if err := fault("rename", b); err != nil {
		return true, err
	}
	number, known := renameat2[runtime.GOARCH]
	from, err := syscall.BytePtrFromString(a)
	if err != nil {
		return true, err
	}
	to, err := syscall.BytePtrFromString(b)
	if err != nil {
		return true, err
	}
	if !known {
		return false, nil
	}
	_, _, code := syscall.Syscall6(number, currentDirectory, uintptr(unsafe.Pointer(from)),
		currentDirectory, uintptr(unsafe.Pointer(to)), renameExchange, 0)
	switch code {
	case 0:
		return true, nil
	case syscall.ENOSYS, syscall.EINVAL, syscall.ENOTSUP:
		return false, nil
	}
	return true, code
}
