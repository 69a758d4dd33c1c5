package command

import (
	"flag"
	"fmt"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/options"
)

const helpText = `migrate brings an etcd data directory to the version that is to run on it.

  migrate [run] [FLAGS]                      migrate, if need be
  migrate plan  [FLAGS] [--json]             print the steps, and run none
  migrate check [FLAGS] [--json]             report what stands in the way
  migrate serve [FLAGS] [-- ETCD FLAGS]      migrate, then become etcd
  migrate cluster check --endpoints URL,...  look at every member of a running cluster

Exit codes: 0 done; 1 a step failed; 2 refused; 3 version unknown; 4 directory in use; 5 a person must look; 6 no space
for the backup; 7 a check found something; 64 usage; 130 and 143 interrupted. In brackets: the variable; the default.

`

func (c *call) help() {
	fmt.Fprint(c.stdout, helpText)
	set := flag.NewFlagSet("migrate", flag.ContinueOnError)
	options.Define(set)
	set.VisitAll(func(f *flag.Flag) { fmt.Fprintf(c.stdout, "  --%-28s %s\n", f.Name, f.Usage) })
	fmt.Fprint(c.stdout, "\ncluster check:\n")
	set = flag.NewFlagSet("cluster", flag.ContinueOnError)
	defineCluster(set)
	set.VisitAll(func(f *flag.Flag) { fmt.Fprintf(c.stdout, "  --%-28s %s\n", f.Name, f.Usage) })
}
