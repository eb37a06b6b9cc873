// Package static holds what the browser is served: the page built from web/ into dist/, or, where it has not been built,
// one plain document that says how to.
package static

import (
	"embed"
	"io/fs"
)

// A pattern has to match something, and dist is missing in a clean clone: hence the whole folder.
//
//go:embed all:*
var files embed.FS

// Page is the built page, or the plain document in its place. A file beside which NAME.br or NAME.gz lies may be served from those.
func Page() fs.FS {
	dir := "dist"
	if _, err := fs.Stat(files, "dist/index.html"); err != nil {
		dir = "plain"
	}
	page, err := fs.Sub(files, dir)
	if err != nil {
		panic(err) // only a malformed name fails
	}
	return page
}
