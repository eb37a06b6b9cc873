package refusal_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"routeguide/server/refusal"
)

func TestInvalidNamesTheField(t *testing.T) {
	st := status.Convert(fmt.Errorf("somewhere: %w", refusal.Invalid("lo.latitude", "%d is too much", 7)))
	if st.Code() != codes.InvalidArgument || len(st.Details()) != 1 {
		t.Fatalf("the status is %v", st.Proto())
	}
	bad := st.Details()[0].(*errdetails.BadRequest).FieldViolations[0]
	if bad.Field != "lo.latitude" || bad.Description != "7 is too much" {
		t.Errorf("the violation is %v", bad)
	}
}

// A value of any length makes a short sentence, which is UTF-8 if the value is.
func TestLongValuesAreCut(t *testing.T) {
	for _, value := range []string{strings.Repeat(`\`, 60_000), strings.Repeat("ä", 60_000), "x" + strings.Repeat("漢", 60_000)} {
		err := refusal.Invalid("id", "%q is no id", value)
		if n := len(err.Error()); n > 200 || !utf8.ValidString(err.Error()) {
			t.Errorf("a value of %d bytes makes a sentence of %d: %.80q", len(value), n, err)
		}
	}
	if err := refusal.Invalid("id", "%q is no id", "short"); err.Error() != `id: "short" is no id` {
		t.Errorf("a short value makes %q", err)
	}
	var e *refusal.Error
	if !errors.As(refusal.Invalid("", "is wrong"), &e) || e.Error() != "is wrong" {
		t.Errorf("without a field: %v", e)
	}
}
