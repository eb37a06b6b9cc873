package store

import (
	"os"
	"runtime"
)

// syncDir makes the names in a directory last. Windows does so by itself, and cannot be told to.
func syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
