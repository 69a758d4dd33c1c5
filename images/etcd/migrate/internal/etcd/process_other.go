//go:build !linux && !windows

package etcd

import (
	"os/exec"
	"syscall"
)

// Suffix is what the names of programs end in.
const Suffix = ""

func bind(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func adopt(*exec.Cmd) {}

// interrupt asks the program to end. SIGINT would not do: a shell lets its background jobs ignore it, and an etcd that inherits this never ends.
func (p *process) interrupt() error { return p.command.Process.Signal(syscall.SIGTERM) }
