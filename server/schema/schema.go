// Package schema is what a gRPC server says of its services at run time: their descriptors, the REST paths that follow from
// them, and what their messages look like as JSON.
package schema

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	_ "google.golang.org/genproto/googleapis/api/annotations" // options are read with what this registers
)

// A Schema is a set of services. It does not change.
type Schema struct {
	// Name is that of the server in messages and addresses; "" for this program itself.
	Name string
	// Services are in the order of their full names.
	Services []protoreflect.ServiceDescriptor
	// Types has every message that an Any of these services may be of.
	Types *Types

	sum [sha256.Size]byte // of all files, in the order of their names
}

// New returns a schema of the services of these names, as far as source has them.
func New(name string, source *protoregistry.Files, services ...string) *Schema {
	s := &Schema{Name: name, Types: &Types{dynamicpb.NewTypes(source)}}
	for _, service := range services {
		found, err := source.FindDescriptorByName(protoreflect.FullName(service))
		if d, ok := found.(protoreflect.ServiceDescriptor); ok && err == nil {
			s.Services = append(s.Services, d)
		}
	}
	s.sum = sumOf(source)
	slices.SortFunc(s.Services, func(a, b protoreflect.ServiceDescriptor) int {
		return strings.Compare(string(a.FullName()), string(b.FullName()))
	})
	return s
}

func sumOf(files *protoregistry.Files) (sum [sha256.Size]byte) {
	var all []protoreflect.FileDescriptor
	files.RangeFiles(func(f protoreflect.FileDescriptor) bool { all = append(all, f); return true })
	slices.SortFunc(all, func(a, b protoreflect.FileDescriptor) int { return strings.Compare(a.Path(), b.Path()) })
	h := sha256.New()
	for _, f := range all {
		data, _ := proto.MarshalOptions{Deterministic: true}.Marshal(protodesc.ToFileDescriptorProto(f)) // what was read can be written
		h.Write(data)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// ServicesOf lists the services of files by their full names.
func ServicesOf(files *protoregistry.Files) (names []string) {
	files.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			names = append(names, string(f.Services().Get(i).FullName()))
		}
		return true
	})
	return names
}

// Equal tells whether two schemas describe the same services in the same way.
func Equal(a, b *Schema) bool { return a.sum == b.sum }

// Method finds a method by its path, "/package.Service/Method"; nil if there is none.
func (s *Schema) Method(path string) protoreflect.MethodDescriptor {
	service, method, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	for _, d := range s.Services {
		if string(d.FullName()) == service {
			return d.Methods().ByName(protoreflect.Name(method))
		}
	}
	return nil
}

// Path is that of a method in gRPC: "/package.Service/Method".
func Path(m protoreflect.MethodDescriptor) string {
	return fmt.Sprintf("/%s/%s", m.Parent().FullName(), m.Name())
}

// Link makes descriptors of files that come in any order. Google's basic types are this program's own, so that their special
// JSON is known. Files that something is missing of are left out, and the error says which.
func Link(files []*descriptorpb.FileDescriptorProto) (*protoregistry.Files, error) {
	l := linking{given: make(map[string]*descriptorpb.FileDescriptorProto, len(files)), linked: new(protoregistry.Files), tried: make(map[string]error)}
	for _, f := range files {
		l.given[f.GetName()] = f
	}
	var faults []error
	for _, f := range files {
		if err := l.link(f.GetName()); err != nil {
			faults = append(faults, err)
		}
	}
	return l.linked, errors.Join(faults...)
}

type linking struct {
	given  map[string]*descriptorpb.FileDescriptorProto
	linked *protoregistry.Files
	tried  map[string]error // by file; while it is being linked, that it imports itself
}

func (l *linking) link(name string) error {
	if err, ok := l.tried[name]; ok {
		return err
	}
	l.tried[name] = fmt.Errorf("schema: %s imports itself", name)
	err := l.register(name)
	l.tried[name] = err
	return err
}

func (l *linking) register(name string) error {
	if own, err := protoregistry.GlobalFiles.FindFileByPath(name); err == nil && strings.HasPrefix(name, "google/protobuf/") {
		return l.linked.RegisterFile(own)
	}
	f := l.given[name]
	if f == nil {
		return fmt.Errorf("schema: %s is missing", name)
	}
	for _, imported := range f.Dependency {
		if err := l.link(imported); err != nil {
			return err
		}
	}
	file, err := protodesc.NewFile(f, l.linked)
	if err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	return l.linked.RegisterFile(file)
}

// errTooLarge says that descriptors are more than anybody's contract.
var errTooLarge = errors.New("schema: the descriptors are larger than 32 MiB")

const mostBytes = 32 << 20

// Add reads descriptors of files as reflection sends them, and leaves out what it has already.
func (c *Collection) Add(raw [][]byte) error {
	for _, data := range raw {
		if c.bytes += len(data); c.bytes > mostBytes {
			return errTooLarge
		}
		f := new(descriptorpb.FileDescriptorProto)
		if err := proto.Unmarshal(data, f); err != nil {
			return fmt.Errorf("schema: a file's descriptor: %w", err)
		}
		if !c.names[f.GetName()] {
			c.names[f.GetName()] = true
			c.Files = append(c.Files, f)
		}
	}
	return nil
}

// A Collection gathers descriptors of files, up to a bound.
type Collection struct {
	Files []*descriptorpb.FileDescriptorProto
	names map[string]bool
	bytes int
}

// NewCollection has no file yet.
func NewCollection() *Collection { return &Collection{names: make(map[string]bool)} }

// Missing are the files that others import and that are not there.
func (c *Collection) Missing() (names []string) {
	for _, f := range c.Files {
		for _, name := range f.Dependency {
			if !c.names[name] && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}
