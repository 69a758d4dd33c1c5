package etcd

import (
	"io"
	"os/exec"
	"runtime"
)

// process is a running program that dies with us.
type process struct {
	command *exec.Cmd
	done    chan struct{}
	err     error // valid once done is closed
}

// start runs the program. On Linux the kernel ends a child when the thread that made it ends, so that thread is kept for as long
// as the child lives.
func start(command *exec.Cmd, out io.Writer) (*process, error) {
	command.Stdout, command.Stderr = out, out
	p := &process{command: command, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		bind(command)
		err := command.Start()
		if err == nil {
			adopt(command)
		}
		started <- err
		if err == nil {
			p.err = command.Wait()
			close(p.done)
		}
	}()
	return p, <-started
}

func (p *process) kill() { _ = p.command.Process.Kill() }
