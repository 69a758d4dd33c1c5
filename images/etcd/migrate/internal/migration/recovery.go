package migration

import "fmt"

// This file decides what a run does about what an earlier one left behind. The decision depends on the journal and on what is in which
// place, and on nothing else; resume.go looks and carries out.

// journalState is what the journal of an earlier run says.
type journalState int

// The states. Working, swapping and swapped are the journal's phases.
const (
	noJournal journalState = iota
	invalidJournal
	journalWorking
	journalSwapping
	journalSwapped
)

// folderState is where the old and the new form of one folder are.
type folderState struct {
	Live     bool // something is in place
	LiveNew  bool // what is in place carries the migration's marker
	FreshNew bool // the new folder waits to be put in place
	Aside    bool // the old folder has been put aside
}

// begun reports whether the folder has been moved, or its old form is gone.
func (f folderState) begun() bool { return f.LiveNew || f.Aside || !f.Live }

// remains is everything that recovery depends on.
type remains struct {
	Journal  journalState
	Database bool          // a database is in place: without a journal that can be read, the sign of complete data
	Folders  []folderState // in the order in which they are swapped
}

// recoveryKind is what a step of a recovery does.
type recoveryKind string

// The kinds. Each can be repeated, so that a recovery that dies is recovered from in the same way.
const (
	clearDebris  recoveryKind = "clear debris"      // delete what a run leaves that dies before its journal or after it
	setAside     recoveryKind = "set journal aside" // keep a journal that cannot be read, out of the way
	discardWork  recoveryKind = "discard work"      // the old data is complete: delete what was made beside it
	moveIn       recoveryKind = "move in"           // the new folder takes an empty place
	exchange     recoveryKind = "exchange"          // the new folder and the old one change places
	noteSwapped  recoveryKind = "note swapped"      // the journal says that the new data is in place
	recordTarget recoveryKind = "record target"     // write version.txt
	tidyUp       recoveryKind = "tidy up"           // delete markers, the old member and the journal
)

// recoveryStep is one thing to do; Folder is the index of a folder for moveIn and exchange.
type recoveryStep struct {
	Kind   recoveryKind
	Folder int
}

// conflict is a state that only a person can decide about; nothing is changed then.
type conflict struct {
	folder int
	reason conflictReason
}

type conflictReason int

const (
	neitherNew   conflictReason = iota // the new folder is in neither place
	madeMeantime                       // a folder was made where the old one has been put aside
	newOneGone                         // the new folder was in place, and is gone
)

func (c *conflict) Error() string { return fmt.Sprintf("conflict %d at folder %d", c.reason, c.folder) }

// recoverySteps says how a run begins. An error is a *conflict, or ErrInvalid's case, for which there is nothing safe to do.
func recoverySteps(r remains) ([]recoveryStep, error) {
	switch r.Journal {
	case noJournal:
		return steps(clearDebris), nil
	case invalidJournal:
		if !r.Database {
			return nil, errNoWayBack
		}
		return steps(setAside), nil
	case journalSwapping:
		return swappingSteps(r.Folders)
	case journalSwapped:
		for i, f := range r.Folders {
			if !f.Live {
				return nil, &conflict{i, newOneGone}
			}
		}
		return steps(recordTarget, tidyUp), nil
	}
	return steps(discardWork), nil
}

// swappingSteps finishes a swap. If no folder has been moved, the old data is complete and may have been used since: then what was made of it is
// stale.
func swappingSteps(folders []folderState) ([]recoveryStep, error) {
	begun := false
	for _, f := range folders {
		begun = begun || f.begun()
	}
	if !begun {
		return steps(discardWork), nil
	}
	moves, err := swapSteps(folders)
	if err != nil {
		return nil, err
	}
	return append(moves, steps(noteSwapped, recordTarget, tidyUp)...), nil
}

// swapSteps are the moves that put every new folder in place. A conflict at any folder leaves all as they are.
func swapSteps(folders []folderState) ([]recoveryStep, error) {
	var moves []recoveryStep
	for i, f := range folders {
		switch {
		case f.LiveNew:
		case !f.FreshNew:
			return nil, &conflict{i, neitherNew}
		case !f.Live:
			moves = append(moves, recoveryStep{moveIn, i})
		case f.Aside:
			return nil, &conflict{i, madeMeantime}
		default:
			moves = append(moves, recoveryStep{exchange, i})
		}
	}
	return moves, nil
}

func steps(kinds ...recoveryKind) []recoveryStep {
	var list []recoveryStep
	for _, kind := range kinds {
		list = append(list, recoveryStep{Kind: kind})
	}
	return list
}
