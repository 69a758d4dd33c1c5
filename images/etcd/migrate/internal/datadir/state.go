package datadir

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/imagebuild/imagebuild/images/etcd/migrate/internal/version"
)

// VersionFile is the name of the file that records what the directory was last prepared for.
const VersionFile = "version.txt"

// WorkName is the folder inside the data directory for what migrate needs there. etcd ignores it.
const WorkName = ".migrate"

// maxVersionFile bounds version.txt: longer ones are not what migrate wrote.
const maxVersionFile = 4096

// ErrUnknownVersion means that neither version.txt nor the data tells the version.
var ErrUnknownVersion = errors.New("the version of the data is unknown")

// Content is what a data directory holds at its top.
type Content int

// The contents, from nothing to something.
const (
	Absent  Content = iota
	Empty           // nothing, or only lost+found and our own folder
	Blank           // version.txt, and no data
	Data            // member/
	Foreign         // something else, and no member/
)

// State is a data directory before anything is done to it.
type State struct {
	Content Content
	Record  version.Pair // of version.txt, if Bad is empty and HasFile is set
	HasFile bool
	Bad     string // why version.txt is not valid
	Facts   *Facts
}

// Inspect looks at a data directory.
func Inspect(paths Paths) (*State, error) {
	s := &State{Facts: &Facts{}}
	info, err := os.Stat(paths.Data)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is not a directory", paths.Data)
	}
	if err := s.readContent(paths.Data); err != nil {
		return nil, err
	}
	if s.Record, s.HasFile, s.Bad, err = ReadVersionFile(paths.Data); err != nil {
		return nil, err
	}
	s.Facts, err = Read(paths)
	return s, err
}

func (s *State) readContent(directory string) error {
	file, err := os.Open(directory)
	if err != nil {
		return err
	}
	defer file.Close()
	names, err := file.Readdirnames(0)
	if err != nil {
		return err
	}
	s.Content = Empty
	for _, name := range names {
		switch name {
		case "member":
			s.Content = Data
			return nil
		case "lost+found", WorkName, VersionFile + "-next":
		case VersionFile:
			if s.Content == Empty {
				s.Content = Blank
			}
		default:
			s.Content = Foreign
		}
	}
	return nil
}

// ReadVersionFile reads version.txt of a data directory, and nothing else of it. bad says why the content is not valid.
func ReadVersionFile(directory string) (record version.Pair, exists bool, bad string, err error) {
	path := filepath.Join(directory, VersionFile)
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return record, false, "", nil
	}
	if err != nil {
		return record, false, "", err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxVersionFile+1))
	if err != nil {
		return record, true, "", fmt.Errorf("%s: %w", path, err)
	}
	record, bad = parseVersionFile(content)
	return record, true, bad, nil
}

func parseVersionFile(content []byte) (version.Pair, string) {
	if len(content) > maxVersionFile {
		return version.Pair{}, "it is longer than any version"
	}
	text := strings.TrimSpace(string(content))
	if text == "" {
		return version.Pair{}, "it is empty"
	}
	pair, err := version.ParsePair(text)
	if err != nil {
		return version.Pair{}, err.Error()
	}
	return pair, ""
}

// Current is the version that the data has, with a remark wherever version.txt and the data disagree. The data is right: version.txt says
// for which etcd the directory was prepared, not which one ran.
func (s *State) Current() (pair version.Pair, remark string, err error) {
	recorded := s.HasFile && s.Bad == ""
	line, certain := s.Facts.Line()
	switch {
	case recorded && (line.IsZero() || line == s.Record.Version.Line()):
		return s.Record, "", nil
	case recorded && !certain && s.Record.Version.Line().Less(line):
		return s.Record, "", nil
	case recorded:
		pair = version.Pair{Version: line.Version(), Storage: s.Record.Storage}
		if line.Major != s.Record.Version.Major {
			pair.Storage = s.storage(line)
		}
		return pair, fmt.Sprintf("version.txt records %s, the data is of %s: the data counts", s.Record, line), nil
	case !line.IsZero():
		pair = version.Pair{Version: line.Version(), Storage: s.storage(line)}
		why := "is absent"
		if s.HasFile {
			why = "is not valid (" + s.Bad + ")"
		}
		return pair, fmt.Sprintf("version.txt %s, the data is of %s: recovered", why, line), nil
	case s.HasFile:
		return pair, "", fmt.Errorf("%w: version.txt is not valid (%s)%s", ErrUnknownVersion, s.Bad, s.because())
	}
	return pair, "", fmt.Errorf("%w: there is no version.txt%s", ErrUnknownVersion, s.because())
}

func (s *State) storage(line version.Line) version.Storage {
	if line.Major < 3 || s.Facts.V2Keys && s.Facts.Revision <= 1 {
		return version.Etcd2
	}
	return version.Etcd3
}

func (s *State) because() string {
	if s.Facts.InUse != "" {
		return ", and the data is in use: " + s.Facts.InUse
	}
	if len(s.Facts.Problems) > 0 {
		return ", and the data cannot be read: " + s.Facts.Problems[0]
	}
	return ", and the data does not tell"
}
