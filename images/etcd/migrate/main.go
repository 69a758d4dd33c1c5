// Migrate brings an etcd data directory to the version that is to run on it.
package main

import (
	"os"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/command"
)

func main() {
	os.Exit(command.Main(os.Args[1:], os.Getenv, os.Environ(), os.Stdout, os.Stderr))
}
