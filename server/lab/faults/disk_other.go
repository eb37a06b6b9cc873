//go:build !linux

package main

import "errors"

const why = "only Linux stops a file system for a test"

func noDisks() string { return why }

type disk struct{ mounted string }

var errNoDisks = errors.New(why)

func mountDisk(string, int64) (*disk, error) { return nil, errNoDisks }
func (*disk) mount() error                   { return errNoDisks }
func (*disk) unmount() error                 { return errNoDisks }
func (*disk) cut() error                     { return errNoDisks }
func freeze(*process) error                  { return errNoDisks }
func fill(string) error                      { return errNoDisks }
