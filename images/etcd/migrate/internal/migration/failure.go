package migration

import (
	"context"
	"errors"
	"fmt"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/plan"
)

// failure joins the class ErrStep with the cause, so that a caller can ask for either.
type failure struct {
	kind  plan.Kind
	cause error
}

func stepError(kind plan.Kind, cause error) error {
	if errors.Is(cause, context.Canceled) {
		return cause
	}
	return &failure{kind, cause}
}

func (f *failure) Error() string {
	return fmt.Sprintf("%v at the step %s: %v; the data is in place, the next run goes on from here", ErrStep, f.kind, f.cause)
}

func (f *failure) Unwrap() error { return f.cause }

func (f *failure) Is(target error) bool { return target == ErrStep }
