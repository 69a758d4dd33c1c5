// Package journal keeps what a migration was doing, so that the next run can finish what a crash interrupted.
package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/durable"
	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// Name is the journal's file name in the work folder.
const Name = "journal.json"

const (
	format  = 1
	maxSize = 64 << 10
)

// Phase is how far the migration has come in a way that matters for what to do next.
type Phase string

// The phases. Up to Swapping the data directory holds the old member, from Swapped on the new one; in between, the markers tell.
const (
	Working  Phase = "working"
	Swapping Phase = "swapping"
	Swapped  Phase = "swapped"
)

// ErrInvalid reports a file that is not a journal.
var ErrInvalid = errors.New("the journal is not valid")

// Journal is the record of one migration.
type Journal struct {
	Format  int       `json:"format"`
	ID      string    `json:"id"`
	From    string    `json:"from"`
	To      string    `json:"to"`
	Step    string    `json:"step"`
	Phase   Phase     `json:"phase"`
	Backup  string    `json:"backup,omitempty"`
	Started time.Time `json:"started"`
	Updated time.Time `json:"updated"`
}

// New begins a journal; id tells its markers from those of other migrations.
func New(id string, from, to version.Pair, now time.Time) *Journal {
	return &Journal{Format: format, ID: id, From: from.String(), To: to.String(), Phase: Working, Started: now.UTC()}
}

// Target is the pair that the migration leads to.
func (j *Journal) Target() version.Pair {
	pair, _ := version.ParsePair(j.To) // checked when it was read
	return pair
}

// Load reads the journal of a work folder; nil if there is none.
func Load(folder string) (*Journal, error) {
	file, err := os.Open(filepath.Join(folder, Name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if err != nil {
		return nil, err
	}
	return parse(content)
}

func parse(content []byte) (*Journal, error) {
	if len(content) > maxSize {
		return nil, fmt.Errorf("%w: it is too long", ErrInvalid)
	}
	j := &Journal{}
	if err := json.Unmarshal(content, j); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrInvalid, err)
	}
	if j.Format != format {
		return nil, fmt.Errorf("%w: its format is %d, this program writes %d", ErrInvalid, j.Format, format)
	}
	if _, err := version.ParsePair(j.To); err != nil {
		return nil, fmt.Errorf("%w: its target: %v", ErrInvalid, err)
	}
	switch j.Phase {
	case Working, Swapping, Swapped:
	default:
		return nil, fmt.Errorf("%w: there is no phase %.40q", ErrInvalid, j.Phase)
	}
	if j.ID == "" {
		return nil, fmt.Errorf("%w: it has no id", ErrInvalid)
	}
	return j, nil
}

// Save writes the journal so that it is there after a crash; the old one is, until then.
func (j *Journal) Save(folder string, now time.Time) error {
	j.Updated = now.UTC()
	content, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return err
	}
	return durable.WriteFile(filepath.Join(folder, Name), append(content, '\n'), 0o600)
}
