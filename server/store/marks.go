package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
)

// A mark is what is remembered of a log beside its own files, which may lose their end without a trace.
type mark struct {
	// End is a sequence that was acknowledged; the newest one of a second ago while the log is written to.
	End uint64 `json:"end"`
	// Lost says what was found missing at the end, until somebody takes it out of the file. Sequences are given again
	// after that, so it cannot be seen in the log.
	Lost []string `json:"lost,omitempty"`
}

// marks are the marks of a directory's logs, by name. They serve one goroutine.
type marks struct {
	path    string
	current map[string]mark
	written map[string]uint64 // End as the file has it
}

func readMarks(dir string) (*marks, error) {
	m := &marks{path: filepath.Join(dir, "marks.json"), current: make(map[string]mark), written: make(map[string]uint64)}
	data, err := os.ReadFile(m.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return m, nil
	case err != nil:
		return nil, err
	}
	if err := json.Unmarshal(data, &m.current); err != nil {
		return nil, fmt.Errorf("%s: %w", m.path, err)
	}
	return m, nil
}

// set notes a log's end.
func (m *marks) set(log string, end uint64) {
	k := m.current[log]
	k.End = end
	m.current[log] = k
}

// write brings the file up to date, durably.
func (m *marks) write() error {
	ends := make(map[string]uint64, len(m.current))
	for log, k := range m.current {
		ends[log] = k.End
	}
	if maps.Equal(ends, m.written) {
		return nil
	}
	data, err := json.MarshalIndent(m.current, "", "\t")
	if err != nil {
		return err
	}
	if err := replace(m.path, append(data, '\n')); err != nil {
		return err
	}
	m.written = ends
	return nil
}

// replace writes a file such that a power cut leaves the old one or the new one.
func replace(path string, data []byte) error {
	f, err := os.Create(path + ".new")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
