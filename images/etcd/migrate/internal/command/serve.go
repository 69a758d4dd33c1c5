package command

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/datadir"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/etcd"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/migration"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/options"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// serve migrates and becomes etcd: what a shell script did for images that had a shell.
func (c *call) serve(ctx context.Context, arguments []string) error {
	ours, theirs := split(arguments)
	o, rest, err := c.parse("serve", ours, nil)
	if err != nil {
		return err
	}
	if err := noArguments(rest); err != nil {
		return err
	}
	if o.MoveBinaries {
		o.MoveBinaries = false // the version to run is known by its full name
		if !o.Bundle.Contains(o.Target.Version) {
			return &options.UsageError{Message: fmt.Sprintf("the image does not hold etcd %s, only %s", o.Target.Version, o.Bundle)}
		}
	}
	run := o.Target.Version
	if err := c.run(ctx, o); err != nil {
		if o.OnFailure != options.StartAnyway || !mayStart(err) || !migration.New(o, c.log).SafeToStart() {
			return err
		}
		c.log.Error(err.Error(), "on-failure", "start-anyway")
		if run, err = fitting(o); err != nil {
			return err
		}
	}
	return c.become(ctx, o, run, theirs)
}

// split takes the words after -- apart: they are etcd's.
func split(arguments []string) (ours, theirs []string) {
	for i, a := range arguments {
		if a == "--" {
			return arguments[:i], arguments[i+1:]
		}
	}
	return arguments, nil
}

// fitting is the etcd that can run on the data as a failed migration left it. The target's would refuse data that is newer, and would
// damage data that is more than a minor older.
func fitting(o *options.Options) (version.Version, error) {
	state, err := datadir.Inspect(datadir.Paths{Data: o.DataDir, WAL: o.WALDir})
	if err != nil {
		return version.Version{}, err
	}
	if state.Content != datadir.Data || !state.Facts.HasDatabase {
		return version.Version{}, errors.New("etcd is not started: there is no data where it would look, and it would make a new, empty member")
	}
	current, _, err := state.Current()
	if err != nil {
		return version.Version{}, err
	}
	v, found := o.Bundle.Nearest(current.Version)
	if !found {
		return v, fmt.Errorf("etcd is not started: the data is of %s, and the image holds %s", current.Version.Line(), o.Bundle)
	}
	return v, nil
}

// become gives the process over to etcd. It gets all of our environment: in a pod, etcd's options are there.
func (c *call) become(ctx context.Context, o *options.Options, v version.Version, arguments []string) error {
	path := etcd.Programs{Dir: o.BinDir}.Path("etcd", v)
	if !given(arguments, c.environment, "data-dir") {
		arguments = append([]string{"--data-dir=" + o.DataDir}, arguments...)
	}
	if !given(arguments, c.environment, "name") {
		arguments = append([]string{"--name=" + o.Name}, arguments...)
	}
	if o.WALDir != "" && !given(arguments, c.environment, "wal-dir") {
		arguments = append([]string{"--wal-dir=" + o.WALDir}, arguments...)
	}
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	c.log.Info("becoming etcd", "program", path)
	return become(ctx, path, append([]string{path}, arguments...), c.environment)
}

// given reports whether etcd learns an option from elsewhere: since 3.4 it does not start if a variable and a flag both set it.
func given(arguments, environment []string, flag string) bool {
	for _, a := range arguments {
		name, _, _ := strings.Cut(strings.TrimLeft(a, "-"), "=")
		if strings.HasPrefix(a, "-") && (name == flag || name == "config-file") {
			return true
		}
	}
	variable := "ETCD_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_")) + "="
	for _, e := range environment {
		if strings.HasPrefix(e, variable) || strings.HasPrefix(e, "ETCD_CONFIG_FILE=") {
			return true
		}
	}
	return false
}

// exitError carries the exit code of an etcd that ran as a child.
type exitError struct{ code int }

func (e *exitError) Error() string { return fmt.Sprintf("etcd ended with exit code %d", e.code) }
