package schema

import (
	"encoding/json"
	"os"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

// FuzzDescriptors checks that whatever a server says of itself is refused or can be shown.
func FuzzDescriptors(f *testing.F) {
	small, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{{
		Name: proto.String("a"), Syntax: proto.String("proto3"), Dependency: []string{"google/protobuf/any.proto"},
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("M"), Field: []*descriptorpb.FieldDescriptorProto{
			{Name: proto.String("m"), Number: proto.Int32(1), Type: descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum(), TypeName: proto.String(".M")},
		}}},
		Service: []*descriptorpb.ServiceDescriptorProto{{Name: proto.String("S"), Method: []*descriptorpb.MethodDescriptorProto{
			{Name: proto.String("Do"), InputType: proto.String(".M"), OutputType: proto.String(".M")},
		}}},
	}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(small)
	f.Fuzz(func(t *testing.T, set []byte) {
		linked, err := Decode(set)
		if linked == nil {
			if err == nil {
				t.Error("neither descriptors nor an error")
			}
			return
		}
		s := New("fuzz", linked, ServicesOf(linked)...)
		document, err := OpenAPI(s)
		if err != nil || !json.Valid(document) {
			t.Errorf("the document: %v", err)
		}
	})
}

// What the compiler makes of a source is what the same contract is as a set.
func TestOpen(t *testing.T) {
	const source = "../lab/doors/testdata/library.proto"
	compiled, err := Open(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	files, err := compile(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	set, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: files})
	if err != nil {
		t.Fatal(err)
	}
	path := t.TempDir() + "/library.binpb"
	if err := os.WriteFile(path, set, 0o600); err != nil {
		t.Fatal(err)
	}
	read, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if !Equal(New("", compiled, ServicesOf(compiled)...), New("", read, ServicesOf(read)...)) {
		t.Error("the source and the set are not alike")
	}
	method := New("", read, ServicesOf(read)...).Method("/library.v1.Library/GetBook")
	if got := Comment(method); got != "Gets a book of a shelf." {
		t.Errorf("the comment is %q", got)
	}
	if got := len(Bindings(method)); got != 4 {
		t.Errorf("%d ways", got)
	}
	if _, err := Open(t.Context(), "fuzz_test.go"); err == nil {
		t.Error("what is no descriptor was read")
	}
}
