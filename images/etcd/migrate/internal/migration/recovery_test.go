package migration

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// kinds writes the steps of a recovery as one word.
func kinds(todo []recoveryStep, err error) string {
	if err != nil {
		var c *conflict
		if errors.As(err, &c) {
			return [...]string{"neither is new", "made in the meantime", "the new one is gone"}[c.reason]
		}
		return err.Error()
	}
	var words []string
	for _, step := range todo {
		words = append(words, string(step.Kind))
	}
	return strings.Join(words, ", ")
}

// state reads four letters: Live, New in place, Fresh, Aside; a dot for what is not.
func state(text string) folderState {
	return folderState{Live: text[0] == 'L', LiveNew: text[1] == 'N', FreshNew: text[2] == 'F', Aside: text[3] == 'A'}
}

// everyState is the states that a folder can be in: what is new is in place only if something is.
var everyState = []string{"....", "...A", "..F.", "..FA", "L...", "L..A", "L.F.", "L.FA", "LN..", "LN.A", "LNF.", "LNFA"}

// TestRecoveryOfOneFolder has every combination of a journal and the places of one folder.
func TestRecoveryOfOneFolder(t *testing.T) {
	const done = "note swapped, record target, tidy up"
	swapping := map[string]string{
		"....": "neither is new", "...A": "neither is new", "..F.": "move in, " + done, "..FA": "move in, " + done,
		"L...": "discard work", "L..A": "neither is new", "L.F.": "discard work", "L.FA": "made in the meantime",
		"LN..": done, "LN.A": done, "LNF.": done, "LNFA": done,
	}
	for _, place := range everyState {
		swapped := "record target, tidy up"
		if place[0] == '.' {
			swapped = "the new one is gone"
		}
		for journal, want := range map[journalState]string{
			noJournal: "clear debris", journalWorking: "discard work", journalSwapping: swapping[place], journalSwapped: swapped,
		} {
			for _, database := range []bool{false, true} {
				got := kinds(recoverySteps(remains{journal, database, []folderState{state(place)}}))
				if got != want {
					t.Errorf("journal %d, %s: %q, not %q", journal, place, got, want)
				}
			}
		}
		for database, want := range map[bool]string{true: "set journal aside", false: errNoWayBack.Error()} {
			if got := kinds(recoverySteps(remains{invalidJournal, database, []folderState{state(place)}})); got != want {
				t.Errorf("invalid journal, %s: %q, not %q", place, got, want)
			}
		}
	}
}

// TestRecoveryNeverMixesOldAndNew carries out the steps for every pair of states of a separate log and a member on a model. Afterwards both are the old
// ones, or both the new ones; and until the new ones are in place nothing of the old ones is deleted.
func TestRecoveryNeverMixesOldAndNew(t *testing.T) {
	for _, log := range everyState {
		for _, member := range everyState {
			before := []folderState{state(log), state(member)}
			name := fmt.Sprintf("log %s, member %s", log, member)
			todo, err := recoverySteps(remains{journalSwapping, true, before})
			if err != nil {
				if len(todo) > 0 {
					t.Errorf("%s: a conflict, and steps all the same", name)
				}
				continue
			}
			after := append([]folderState{}, before...)
			discarded := false
			for _, step := range todo {
				f := &after[step.Folder]
				switch step.Kind {
				case moveIn, exchange:
					if step.Kind == moveIn && f.Live || !f.FreshNew {
						t.Errorf("%s: step %s meets %+v", name, step.Kind, *f)
					}
					f.Live, f.LiveNew, f.FreshNew = true, true, false
				case discardWork:
					discarded = true
				}
			}
			for i, f := range after {
				if !f.Live || f.LiveNew == discarded || discarded && before[i].begun() {
					t.Errorf("%s: folder %d ends as %+v", name, i, f)
				}
			}
		}
	}
}

// TestRecoveryCanDieAnywhere: a recovery that is cut short after any of its moves leads to the same end.
func TestRecoveryCanDieAnywhere(t *testing.T) {
	for _, log := range everyState {
		for _, member := range everyState {
			folders := []folderState{state(log), state(member)}
			todo, err := recoverySteps(remains{journalSwapping, true, folders})
			if err != nil || todo[0].Kind == discardWork {
				continue
			}
			for i, step := range todo {
				if step.Kind != moveIn && step.Kind != exchange {
					continue
				}
				f := &folders[step.Folder]
				f.Live, f.LiveNew, f.FreshNew = true, true, false
				again, err := recoverySteps(remains{journalSwapping, true, folders})
				if err != nil || kinds(again, nil) != kinds(todo[i+1:], nil) {
					t.Errorf("log %s, member %s, cut after step %d: %s, %v", log, member, i, kinds(again, err), err)
				}
			}
		}
	}
}
