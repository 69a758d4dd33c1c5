package etcd

import (
	"os/exec"
	"sync"
	"syscall"
	"unsafe"
)

// Suffix is what the names of programs end in.
const Suffix = ".exe"

var (
	kernel                   = syscall.NewLazyDLL("kernel32.dll")
	generateConsoleCtrlEvent = kernel.NewProc("GenerateConsoleCtrlEvent")
	createJobObject          = kernel.NewProc("CreateJobObjectW")
	setInformationJobObject  = kernel.NewProc("SetInformationJobObject")
	assignProcess            = kernel.NewProc("AssignProcessToJobObject")
)

const (
	ctrlBreakEvent       = 1
	extendedLimits       = 9      // JobObjectExtendedLimitInformation
	killOnJobClose       = 0x2000 // JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	processSetQuota      = 0x0100
	extendedLimitsSize   = 144 // of the structure on 64-bit Windows
	limitFlagsOffset     = 16
	processTerminateFlag = 0x0001
)

// bind gives the child a process group, the only thing that can be sent a console event.
func bind(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

var job struct {
	once   sync.Once
	handle uintptr
}

// adopt puts the child in a job that ends with our last handle, which is when we end. Without it the child runs on; that is
// no reason to fail.
func adopt(command *exec.Cmd) {
	job.once.Do(func() {
		handle, _, _ := createJobObject.Call(0, 0)
		var limits [extendedLimitsSize]byte
		*(*uint32)(unsafe.Pointer(&limits[limitFlagsOffset])) = killOnJobClose
		setInformationJobObject.Call(handle, extendedLimits, uintptr(unsafe.Pointer(&limits[0])), extendedLimitsSize)
		job.handle = handle
	})
	child, err := syscall.OpenProcess(processSetQuota|processTerminateFlag, false, uint32(command.Process.Pid))
	if err != nil || job.handle == 0 {
		return
	}
	assignProcess.Call(job.handle, uintptr(child))
	syscall.CloseHandle(child)
}

// interrupt sends Ctrl-Break, which Go programs take as an interrupt. Without a console it fails, and the caller kills:
// etcd recovers from its log.
func (p *process) interrupt() error {
	if ok, _, err := generateConsoleCtrlEvent.Call(ctrlBreakEvent, uintptr(p.command.Process.Pid)); ok == 0 {
		return err
	}
	return nil
}
