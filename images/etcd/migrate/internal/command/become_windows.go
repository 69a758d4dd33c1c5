package command

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
)

// become runs etcd as a child in our own console, so that it gets the same Ctrl-C and Ctrl-Break, and ends with its exit code. Windows
// cannot replace a process.
func become(_ context.Context, path string, arguments, environment []string) error {
	signals := make(chan os.Signal, 8) // they reach etcd through the console; here they must only not end this process
	signal.Notify(signals, os.Interrupt)
	command := &exec.Cmd{Path: path, Args: arguments, Env: environment, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	err := command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return &reported{&exitError{exit.ExitCode()}}
	}
	return err
}
