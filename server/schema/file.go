package schema

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/linker"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Open reads descriptors from files: sets of them, as `protoc --descriptor_set_out --include_imports` and `buf build` write, and
// .proto sources, whose imports are looked for in their own folders; Google's common ones are at hand.
func Open(ctx context.Context, paths ...string) (*protoregistry.Files, error) {
	var all []*descriptorpb.FileDescriptorProto
	for _, path := range paths {
		read := readSet
		if strings.HasSuffix(path, ".proto") {
			read = compile
		}
		files, err := read(ctx, path)
		if err != nil {
			return nil, fmt.Errorf("schema: %s: %w", path, err)
		}
		all = append(all, files...)
	}
	return Link(all)
}

// Decode reads a FileDescriptorSet.
func Decode(set []byte) (*protoregistry.Files, error) {
	files, err := decodeSet(set)
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	return Link(files)
}

func readSet(_ context.Context, path string) ([]*descriptorpb.FileDescriptorProto, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return decodeSet(data)
}

func decodeSet(data []byte) ([]*descriptorpb.FileDescriptorProto, error) {
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(data, &set); err != nil || len(set.File) == 0 {
		return nil, errors.New("neither a .proto source nor a FileDescriptorSet")
	}
	return set.File, nil
}

func compile(ctx context.Context, path string) ([]*descriptorpb.FileDescriptorProto, error) {
	c := protocompile.Compiler{
		SourceInfoMode: protocompile.SourceInfoStandard,
		Resolver: protocompile.WithStandardImports(protocompile.CompositeResolver{
			&protocompile.SourceResolver{ImportPaths: []string{filepath.Dir(path)}},
			protocompile.ResolverFunc(func(name string) (protocompile.SearchResult, error) {
				known, err := protoregistry.GlobalFiles.FindFileByPath(name)
				return protocompile.SearchResult{Desc: known}, err
			}),
		}),
	}
	files, err := c.Compile(ctx, filepath.Base(path))
	if err != nil {
		return nil, err
	}
	var all []*descriptorpb.FileDescriptorProto
	seen := make(map[string]bool)
	var add func(protoreflect.FileDescriptor)
	add = func(f protoreflect.FileDescriptor) {
		if seen[f.Path()] {
			return
		}
		seen[f.Path()] = true
		imports := f.Imports()
		for i := range imports.Len() {
			add(imports.Get(i).FileDescriptor)
		}
		if compiled, ok := f.(linker.Result); ok {
			all = append(all, compiled.FileDescriptorProto())
			return
		}
		all = append(all, protodesc.ToFileDescriptorProto(f))
	}
	for _, f := range files {
		add(f)
	}
	data, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: all})
	if err != nil {
		return nil, err
	}
	return decodeSet(data) // with options as this program knows them, not as the compiler does
}
