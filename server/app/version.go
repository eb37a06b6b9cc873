package app

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

// version is set by "make dist".
var version string

// Version is what this program was built from: a released version, or the revision that Go knows, or "unknown".
func Version() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	var revision, changed string
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "-dirty"
		}
	}
	switch {
	case revision != "":
		return revision + changed
	case info.Main.Version != "" && info.Main.Version != "(devel)":
		return info.Main.Version
	}
	return "unknown"
}

func printVersion(out io.Writer) {
	fmt.Fprintf(out, "routeguide %s %s/%s %s\n", Version(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}
