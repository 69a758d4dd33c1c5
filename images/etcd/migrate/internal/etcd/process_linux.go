package etcd

import (
	"os/exec"
	"syscall"
)

// Suffix is what the names of programs end in.
const Suffix = ""

// bind makes the kernel kill the child if we are killed: an orphan would hold the directory and the ports. The child gets a process
// group of its own, so that a terminal's interrupt reaches it through us alone, in the right order.
func bind(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

func adopt(*exec.Cmd) {}

// interrupt asks the program to end. SIGINT would not do: a shell lets its background jobs ignore it, and an etcd that inherits this never ends.
func (p *process) interrupt() error { return p.command.Process.Signal(syscall.SIGTERM) }
