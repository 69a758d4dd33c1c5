//go:build unix

package command

import (
	"context"
	"fmt"
	"os/signal"
	"syscall"
)

// become replaces this process, so that signals and the exit code are etcd's own.
func become(_ context.Context, path string, arguments, environment []string) error {
	signal.Reset()
	if err := syscall.Exec(path, arguments, environment); err != nil {
		return fmt.Errorf("becoming %s: %w", path, err)
	}
	return nil
}
