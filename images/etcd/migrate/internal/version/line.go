package version

import (
	"fmt"
	"strconv"
	"strings"
)

// Line is a minor, such as 3.5: the unit in which etcd's data format and its rules for upgrades change.
type Line struct{ Major, Minor uint32 }

// The last minor of the 2.x series, and the one that follows it.
var (
	lastOf2  = Line{2, 3}
	firstOf3 = Line{3, 0}
)

// ParseLine reads X.Y or X.Y.Z, as etcd writes the cluster version and the storage version.
func ParseLine(text string) (Line, error) {
	if v, err := Parse(text); err == nil {
		return v.Line(), nil
	}
	major, minor, found := strings.Cut(text, ".")
	if !found || len(text) > maxLength {
		return Line{}, fmt.Errorf("%q is not a minor version", text)
	}
	m, err := strconv.ParseUint(major, 10, 31)
	if err != nil {
		return Line{}, fmt.Errorf("%q is not a minor version", text)
	}
	n, err := strconv.ParseUint(minor, 10, 31)
	if err != nil {
		return Line{}, fmt.Errorf("%q is not a minor version", text)
	}
	return Line{uint32(m), uint32(n)}, nil
}

func (l Line) String() string { return fmt.Sprintf("%d.%d", l.Major, l.Minor) }

// IsZero reports that no minor is known.
func (l Line) IsZero() bool { return l == Line{} }

// Less orders minors.
func (l Line) Less(m Line) bool {
	return l.Major < m.Major || l.Major == m.Major && l.Minor < m.Minor
}

// Next is the minor that follows: 3.0 after 2.3, else one more. A major after 3 is not foreseen.
func (l Line) Next() Line {
	if l == lastOf2 {
		return firstOf3
	}
	return Line{l.Major, l.Minor + 1}
}

// Is reports whether the line is X.Y.
func (l Line) Is(major, minor uint32) bool { return l == Line{major, minor} }

// AtLeast reports whether the line is X.Y or later.
func (l Line) AtLeast(major, minor uint32) bool { return !l.Less(Line{major, minor}) }

// Version is a version of which only the minor is known.
func (l Line) Version() Version { return Version{Major: l.Major, Minor: l.Minor, AnyPatch: true} }

// Storage is the second half of version.txt: which API's data the directory holds.
type Storage string

// The two storages there are.
const (
	Etcd2 Storage = "etcd2"
	Etcd3 Storage = "etcd3"
)

// ParseStorage accepts etcd2 and etcd3.
func ParseStorage(text string) (Storage, error) {
	switch s := Storage(text); s {
	case Etcd2, Etcd3:
		return s, nil
	}
	return "", fmt.Errorf("%q is not a storage: use etcd2 or etcd3", text)
}

// Pair is what version.txt records.
type Pair struct {
	Version Version
	Storage Storage
}

// ParsePair reads <semver>/<storage>, with exactly one slash and no white space.
func ParsePair(text string) (Pair, error) {
	parts := strings.Split(text, "/")
	if len(parts) != 2 {
		return Pair{}, fmt.Errorf("%.40q is not of the form <version>/<storage>", text)
	}
	v, err := Parse(parts[0])
	if err != nil {
		return Pair{}, err
	}
	s, err := ParseStorage(parts[1])
	return Pair{v, s}, err
}

func (p Pair) String() string { return p.Version.String() + "/" + string(p.Storage) }
