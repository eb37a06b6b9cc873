package mcp

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
)

// A Tool is a method as an agent sees it. What its arguments are follows from the contract.
type Tool struct {
	Name        string            `json:"name"`        // 1 to 64 of a to z, A to Z, 0 to 9, _ and -
	Method      string            `json:"method"`      // "/package.Service/Method"
	Description string            `json:"description"` // "" for what the contract says of the method
	Metadata    map[string]string `json:"metadata"`    // arguments that are sent as metadata, and what each is
	Strangers   bool              `json:"strangers"`   // its answers have texts that anybody may have written
	Writes      bool              `json:"writes"`      // it changes something
}

//go:embed tools.json
var ownTools []byte

var toolName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Tools are those of our own services, and those in files beside them, which are lists as tools.json is one.
func Tools(paths ...string) ([]Tool, error) {
	all, err := parse(ownTools)
	if err != nil {
		return nil, fmt.Errorf("mcp: %w", err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		var more []Tool
		if err == nil {
			more, err = parse(data)
		}
		if err != nil {
			return nil, fmt.Errorf("mcp: %s: %w", path, err)
		}
		for _, t := range more {
			if slices.ContainsFunc(all, func(other Tool) bool { return other.Name == t.Name }) {
				return nil, fmt.Errorf("mcp: %s: there is a tool %s already", path, t.Name)
			}
			all = append(all, t)
		}
	}
	return all, nil
}

func parse(data []byte) ([]Tool, error) {
	var all []Tool
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, err
	}
	for i, t := range all {
		switch {
		case !toolName.MatchString(t.Name):
			return nil, fmt.Errorf("tool %d: %q is no name of a tool", i+1, t.Name)
		case t.Method == "":
			return nil, fmt.Errorf("tool %s: it has no method", t.Name)
		}
	}
	return all, nil
}
