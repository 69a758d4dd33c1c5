package command
import ("context";"os")
func (c *call) check(ctx context.Context, a []string) error { return nil }
func (c *call) cluster(ctx context.Context, a []string) error { return nil }
func (c *call) serve(ctx context.Context, a []string) error { os.Exit(9); return nil }
func (c *call) help() {}
