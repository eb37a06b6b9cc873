package rest

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"routeguide/server/schema"
)

// FuzzParameters checks that a parameter of any name and value is set or refused by its name, and that what was set can be sent.
func FuzzParameters(f *testing.F) {
	for _, name := range []string{"name", "book.pages", "kinds", "counts", "mask", "any", "extra", "known", "cover", "loan", "book.sequel.sequel.title", "..", "shelfRow"} {
		for _, value := range []string{"1", "-1", "true", "null", "{}", "KIND_GUIDE", "\xff", "3s", "a_b,c", `"`, strings.Repeat("[", 10_000)} {
			f.Add(name, value)
		}
	}
	files, err := schema.Open(f.Context(), "../../lab/doors/testdata/library.proto")
	if err != nil {
		f.Fatal(err)
	}
	all, err := files.FindDescriptorByName("library.v1.All")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		m := dynamicpb.NewMessage(all.(protoreflect.MessageDescriptor))
		if err := setParameter(m, name, []string{value}); err != nil {
			if status.Code(err) != codes.InvalidArgument {
				t.Errorf("%q=%q: %v", name, value, err)
			}
			return
		}
		if _, err := proto.Marshal(m); err != nil {
			t.Errorf("%q=%q cannot be sent: %v", name, value, err)
		}
	})
}
