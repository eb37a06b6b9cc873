package store

import (
	"errors"
	"io"
	"os"
	"runtime"
	"syscall"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

const (
	// pageBytes is the size of every page of our databases.
	pageBytes = 4096
	// vfsName is what SQLite knows disk by.
	vfsName = "routeguide"
)

func init() { vfs.Register(vfsName, disk{vfs.Find("os").(vfs.VFSFilename)}) }

// disk is the file system, with two differences. Where a page is missing, or zeros are in its place, SQLite would take zeros
// for what is stored, as their checksum is right; here such a page cannot be read. And a disk without room is told from one
// that is broken.
type disk struct{ vfs.VFSFilename }

func (d disk) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, flags, err := d.VFSFilename.OpenFilename(name, flags)
	if err != nil {
		return nil, flags, room(err)
	}
	return diskFile{f, flags&vfs.OPEN_MAIN_DB != 0}, flags, nil
}

type diskFile struct {
	vfs.File
	pages bool // it is a database, which consists of pages
}

var errNoPage = errors.New("a page is missing")

func (f diskFile) ReadAt(p []byte, at int64) (int, error) {
	n, err := f.File.ReadAt(p, at)
	if f.pages && len(p) == pageBytes && (err == io.EOF || err == nil && empty(p)) {
		return 0, vfs.SystemError(errNoPage, sqlite3.IOERR_DATA)
	}
	return n, err
}

func empty(p []byte) bool {
	for _, b := range p {
		if b != 0 {
			return false
		}
	}
	return true
}

func (f diskFile) WriteAt(p []byte, at int64) (int, error) {
	n, err := f.File.WriteAt(p, at)
	return n, room(err)
}

func (f diskFile) Truncate(size int64) error { return room(f.File.Truncate(size)) }

func (f diskFile) Sync(flags vfs.SyncFlag) error { return room(f.File.Sync(flags)) }

// SharedMemory is what processes and connections share beside the file.
func (f diskFile) SharedMemory() vfs.SharedMemory {
	if shared, ok := f.File.(vfs.FileSharedMemory); ok {
		return shared.SharedMemory()
	}
	return nil
}

// room has an error that says there is no room mean that to SQLite.
func room(err error) error {
	if noRoom(err) {
		return vfs.SystemError(err, sqlite3.FULL)
	}
	return err
}

func noRoom(err error) bool {
	if runtime.GOOS == "windows" {
		const diskFull = syscall.Errno(112) // ERROR_DISK_FULL
		return errors.Is(err, diskFull)
	}
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

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
