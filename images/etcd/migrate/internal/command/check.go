package command

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/check"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/migration"
)

func (c *call) check(ctx context.Context, arguments []string) error {
	asJSON := false
	o, rest, err := c.parse("check", arguments, func(set *flag.FlagSet) { set.BoolVar(&asJSON, "json", false, "") })
	if err != nil {
		return err
	}
	if err := noArguments(rest); err != nil {
		return err
	}
	in, err := migration.New(o, c.log).Survey(ctx, c.environment)
	if err != nil {
		return err
	}
	findings := check.Run(in)
	c.print(findings, asJSON)
	if in.Refusal != nil {
		return &reported{in.Refusal}
	}
	if check.Worst(findings) != check.Note {
		return &reported{errHazard}
	}
	return nil
}

// print writes findings to standard output, as lines or as a JSON list.
func (c *call) print(findings []check.Finding, asJSON bool) {
	if asJSON {
		if findings == nil {
			findings = []check.Finding{}
		}
		content, err := json.MarshalIndent(findings, "", "  ")
		if err == nil {
			fmt.Fprintln(c.stdout, string(content))
		}
		return
	}
	for _, f := range findings {
		fmt.Fprintf(c.stdout, "%-7s  %-15s  %s\n", f.Severity, f.Code, f.Text)
	}
	if len(findings) == 0 {
		fmt.Fprintln(c.stdout, "nothing found")
	}
}
