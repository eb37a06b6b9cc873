package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nats-io/nats-server/v2/server"
)

// aside is where a log's files are while its description is made; the rest of the name is the log's.
const aside = "recovering-"

func (e *embedded) files(log string) string {
	return filepath.Join(e.disk.dir, "jetstream", server.DEFAULT_GLOBAL_ACCOUNT, "streams", log)
}

// revive puts the files aside, has an empty log of that name made, and moves its description to them.
func (e *embedded) revive(log string, create func() error) (bool, error) {
	from, to := e.files(log), filepath.Join(e.disk.dir, aside+log)
	if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return true, err
	}
	e.log.Error("a log's description is lost: it is made anew", "log", log)
	if err := os.Rename(from, to); err != nil {
		return true, err
	}
	if err := create(); err != nil {
		return true, errors.Join(err, e.restart(e.finishRevival))
	}
	return true, e.restart(func() error {
		for _, name := range []string{"meta.inf", "meta.sum"} {
			if err := os.Rename(filepath.Join(from, name), filepath.Join(to, name)); err != nil {
				return err
			}
		}
		return e.finishRevival()
	})
}

// finishRevival puts back files that were put aside, in place of a log that was never used. No server may be running.
func (e *embedded) finishRevival() error {
	left, err := filepath.Glob(filepath.Join(e.disk.dir, aside+"*"))
	if err != nil {
		return err
	}
	for _, from := range left {
		to := e.files(filepath.Base(from)[len(aside):])
		if err := os.RemoveAll(to); err != nil {
			return err
		}
		if err := os.Rename(from, to); err != nil {
			return err
		}
	}
	return nil
}
