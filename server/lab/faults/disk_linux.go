package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"unsafe"
)

// noDisks says why there can be no disks of our own that stop when they are told to, or "".
func noDisks() string {
	if os.Geteuid() != 0 {
		return "only root can mount a disk of its own"
	}
	for _, tool := range []string{"mkfs.ext4", "mount", "umount"} {
		if _, err := exec.LookPath(tool); err != nil {
			return "there is no " + tool
		}
	}
	dir, err := os.MkdirTemp("", "routeguide-faults-")
	if err != nil {
		return err.Error()
	}
	defer os.RemoveAll(dir)
	d, err := mountDisk(dir, 16<<20)
	if err == nil {
		err = errors.Join(d.cut(), d.unmount())
	}
	if err != nil { // root of a container may not be root of the machine
		return "no disk can be mounted and stopped here: " + strings.ReplaceAll(err.Error(), "\n", " ")
	}
	return ""
}

// A disk is a file with an ext4 in it, mounted.
type disk struct {
	image   string
	mounted string // the directory it is at
	there   bool
}

func mountDisk(dir string, size int64) (*disk, error) {
	d := &disk{image: filepath.Join(dir, "image"), mounted: filepath.Join(dir, mountPoint)}
	f, err := os.Create(d.image)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(f.Truncate(size), f.Close(), os.Mkdir(d.mounted, 0o700)); err != nil {
		return nil, err
	}
	if err := command("mkfs.ext4", "-q", "-F", d.image); err != nil {
		return nil, err
	}
	return d, d.mount()
}

func (d *disk) mount() error {
	err := command("mount", "-o", "loop", d.image, d.mounted)
	d.there = err == nil
	return err
}

func (d *disk) unmount() error {
	if !d.there {
		return nil
	}
	d.there = false
	return command("umount", d.mounted)
}

// cut stops the file system at once and for good, its journal unwritten, as when the power fails. See EXT4_IOC_SHUTDOWN of
// Linux.
func (d *disk) cut() error {
	const shutdown = 0x8004587d // _IOR('X', 125, __u32)
	flags := uint32(2)          // neither the log nor data are flushed
	f, err := os.Open(d.mounted)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), shutdown, uintptr(unsafe.Pointer(&flags))); errno != 0 {
		return fmt.Errorf("shut down %s: %w", d.mounted, errno)
	}
	return nil
}

// freeze has a process do nothing more, as a power cut would: it must not see that its disk has stopped.
func freeze(p *process) error { return p.cmd.Process.Signal(syscall.SIGSTOP) }

// fill gives all room that its disk has left to a file, without a write that would keep others waiting.
func fill(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	at, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	for size := int64(1 << 30); size > 0; {
		switch err := syscall.Fallocate(int(f.Fd()), 0, at, size); {
		case err == nil:
			at += size
		case errors.Is(err, syscall.ENOSPC):
			size /= 2
		case !errors.Is(err, syscall.EINTR):
			return err
		}
	}
	return nil
}

func command(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
