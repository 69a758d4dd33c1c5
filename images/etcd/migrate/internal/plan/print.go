package plan

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Text is the plan for people.
func (p *Plan) Text() string {
	var b strings.Builder
	current := "nothing"
	if p.Known {
		current = p.Current.String()
	}
	fmt.Fprintf(&b, "from %s to %s\n", current, p.Target)
	for i, s := range p.Steps {
		fmt.Fprintf(&b, "%2d. %-16s %s", i+1, s.Kind, s.Text)
		if s.Program != "" {
			fmt.Fprintf(&b, " (%s)", s.Program)
		}
		b.WriteByte('\n')
	}
	for _, w := range p.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", w)
	}
	return b.String()
}

// JSON is the plan for programs: current (absent if nothing is known), target, steps, warnings and, if there is no plan, refused.
func (p *Plan) JSON(refused error) string {
	answer := struct {
		Current  string   `json:"current,omitempty"`
		Target   string   `json:"target"`
		Steps    []Step   `json:"steps"`
		Warnings []string `json:"warnings"`
		Refused  string   `json:"refused,omitempty"`
	}{Target: p.Target.String(), Steps: p.Steps, Warnings: p.Warnings}
	if p.Known {
		answer.Current = p.Current.String()
	}
	if answer.Steps == nil || refused != nil {
		answer.Steps = []Step{}
	}
	if answer.Warnings == nil {
		answer.Warnings = []string{}
	}
	if refused != nil {
		answer.Refused = refused.Error()
	}
	content, err := json.MarshalIndent(answer, "", "  ")
	if err != nil {
		return "{}"
	}
	return string(content)
}
