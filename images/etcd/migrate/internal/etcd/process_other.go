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

func (p *process) interrupt() error { return p.command.Process.Signal(syscall.SIGINT) }
