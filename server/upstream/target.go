package upstream

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// Any is the name of the target for the services that neither the server itself nor another target has.
const Any = "*"

// A Target is where a service is.
type Target struct {
	Name string // the service's full name, or Any
	Addr string // host:port
	TLS  bool
}

var serviceName = regexp.MustCompile(`^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$`)

// ParseTarget reads NAME=host:port, or NAME=https://host:port for TLS.
func ParseTarget(s string) (Target, error) {
	name, addr, _ := strings.Cut(s, "=")
	var t Target
	t.Name = name
	t.Addr, t.TLS = strings.CutPrefix(addr, "https://")
	host, port, err := net.SplitHostPort(t.Addr)
	if _, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || host == "" {
		return Target{}, fmt.Errorf("%q is not like NAME=host:port or NAME=https://host:port", s)
	}
	if name != Any && !serviceName.MatchString(name) {
		return Target{}, fmt.Errorf("%q is neither the full name of a service nor *", name)
	}
	return t, nil
}

// Options are the targets, no two of the same name, the PEM files for those with TLS, and what else there is to know.
type Options struct {
	Targets      []Target
	CA           string               // who may have signed the certificates of targets; "" means those whom the system trusts
	Cert, Key    string               // what the server shows to targets that ask for a certificate; both or none
	Descriptors  *protoregistry.Files // of services whose upstream has no reflection, or nil
	MessageBytes int                  // the longest message that an upstream may answer with

	Caller func(context.Context) netip.Addr // who makes a call, by its context
	Ending context.Context                  // is done when calls have to end
	// Handled is told of each call of a target that has ended. Nil: nobody is. It must not block.
	Handled func(upstream string, code codes.Code)
}
