package doors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"routeguide/server/app"
)

// relayDoors carry calls of any contract. REST does not: it needs to know the messages.
var relayDoors = slices.DeleteFunc(slices.Clone(doors), door.rest)

// reach begins a call as a stream both ways, whatever kind the upstream takes it for.
func (v visitor) reach(ctx context.Context, method string, md ...string) call {
	v.t.Helper()
	ctx, cancel := context.WithCancel(metadata.AppendToOutgoingContext(ctx, md...))
	v.t.Cleanup(cancel)
	stream, err := v.conn(v.p).NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, method)
	if err != nil {
		v.t.Fatal(err)
	}
	return call{stream, cancel}
}

// values receives all numbers that are left of a stream.
func values(c call) (all []int64, err error) {
	messages, err := rest[wrapperspb.Int64Value](c)
	for _, m := range messages {
		all = append(all, m.Value)
	}
	return all, err
}

func TestUpstreamThroughEveryDoor(t *testing.T) {
	e := listenElsewhere(t, "127.0.0.1:0", inV1)
	for _, name := range []string{numbers, "*"} {
		p := start(t, "-upstream", name+"="+e.addr)
		for _, d := range relayDoors {
			for kind, test := range upstreamCases {
				t.Run(name+"/"+d.name+"/"+kind, func(t *testing.T) { test(visitor{t, p, d}, e) })
			}
		}
	}
}

var upstreamCases = map[string]func(visitor, *elsewhere){
	"unary, with metadata both ways": func(v visitor, _ *elsewhere) {
		md := []string{"x-text", "a b, c", "x-raw-bin", "\x00\xff\n", "grpc-mine-bin", "traced"}
		c := v.reach(v.t.Context(), double, md...)
		v.ask(c, number(21))
		got, err := values(c)
		if err != nil || !slices.Equal(got, []int64{42}) {
			v.t.Fatalf("got %v, %v, want 42", got, err)
		}
		header, err := c.Header()
		if err != nil {
			v.t.Fatal(err)
		}
		for where, back := range map[string]metadata.MD{"header": header, "trailer": c.Trailer()} {
			for i := 0; i < 4; i += 2 {
				if !slices.Equal(back.Get(md[i]), md[i+1:i+2]) {
					v.t.Errorf("%s %s came back as %q, want %q", where, md[i], back.Get(md[i]), md[i+1])
				}
			}
		}
	},
	"a server stream": func(v visitor, _ *elsewhere) {
		const n = 2000
		c := v.reach(v.t.Context(), count)
		v.ask(c, number(n))
		got, err := values(c)
		if err != nil || len(got) != n || !slices.IsSorted(got) || got[n-1] != n-1 {
			v.t.Errorf("%d numbers, %v, want 0 to %d in order", len(got), err, n-1)
		}
	},
	"a client stream": func(v visitor, _ *elsewhere) {
		c := v.reach(v.t.Context(), sum)
		var all []proto.Message
		for i := range int64(500) {
			all = append(all, number(i))
		}
		v.ask(c, all...)
		if got, err := values(c); err != nil || !slices.Equal(got, []int64{499 * 250}) {
			v.t.Errorf("got %v, %v, want %d", got, err, 499*250)
		}
	},
	"a bidirectional stream, message after message": func(v visitor, _ *elsewhere) {
		c := v.reach(v.t.Context(), echo)
		var m wrapperspb.Int64Value
		for i := range int64(10) {
			if err := c.SendMsg(number(i)); err != nil {
				v.t.Fatal(err)
			}
			if !v.streams {
				continue
			}
			if err := c.RecvMsg(&m); err != nil || m.Value != i {
				v.t.Fatalf("got %v, %v, want %d", &m, err, i)
			}
		}
		v.ask(c)
		want := []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
		if v.streams {
			want = nil
		}
		if more, err := values(c); err != nil || !slices.Equal(more, want) {
			v.t.Errorf("at the end %v, %v, want %v", more, err, want)
		}
	},
	"a deadline": func(v visitor, e *elsewhere) {
		v.missDeadline(waitThere, number(0), number(0))
		<-e.ended
	},
	"a cancelled call ends there": func(v visitor, e *elsewhere) {
		c := v.reach(v.t.Context(), waitThere)
		v.ask(c)
		if err := c.RecvMsg(new(wrapperspb.Int64Value)); err != nil {
			v.t.Fatal(err)
		}
		c.Cancel()
		err := <-e.ended
		for err == context.DeadlineExceeded { // a call of missDeadline
			err = <-e.ended
		}
		if err != context.Canceled {
			v.t.Errorf("it ended there with %v, want cancelled", err)
		}
	},
	"an error as it is": func(v visitor, _ *elsewhere) {
		for _, code := range []codes.Code{codes.FailedPrecondition, codes.Unavailable, codes.Canceled, codes.Code(77)} {
			c := v.reach(v.t.Context(), fail)
			v.ask(c, number(int64(code)))
			err := c.RecvMsg(new(wrapperspb.Int64Value))
			st := status.Convert(err)
			if st.Code() != code || st.Message() != "it is 100 % so: é" {
				v.t.Errorf("ended with %v, want %v and the upstream's own words", err, code)
			}
			if d := st.Details(); len(d) != 1 || d[0].(*errdetails.ErrorInfo).Reason != "NO_REASON" {
				v.t.Errorf("%v: details %v, want the reason", code, d)
			}
			if why := c.Trailer().Get("x-why"); !slices.Equal(why, []string{"because"}) {
				v.t.Errorf("%v: trailer %q", code, why)
			}
		}
	},
	"a method that is not there either": func(v visitor, _ *elsewhere) {
		err := v.unary("/elsewhere.Numbers/None", number(1), number(0))
		if st := status.Convert(err); st.Code() != codes.Unimplemented || st.Message() != "unknown method None for service elsewhere.Numbers" {
			v.t.Errorf("error %v, want UNIMPLEMENTED", err)
		}
	},
}

// Relayed calls are counted at every door, under one name: callers could make up any number of others.
func TestRelayedCallsAreCounted(t *testing.T) {
	e := listenElsewhere(t, "127.0.0.1:0", inV1)
	p := start(t, "-upstream", numbers+"="+e.addr)
	for _, d := range relayDoors {
		v := visitor{t, p, d}
		if err := errors.Join(v.unary(double, number(1), number(0)), v.unary(double, number(1), number(0))); err != nil {
			t.Fatalf("%s: %v", d.name, err)
		}
		if err := v.unary(fail, number(int64(codes.DataLoss)), number(0)); status.Code(err) != codes.DataLoss {
			t.Fatalf("%s: %v", d.name, err)
		}
	}
	const named = `routeguide_upstream_handled_total{grpc_code="%s",upstream="` + numbers + `"} %d`
	want := []string{fmt.Sprintf(named, "OK", 2*len(relayDoors)), fmt.Sprintf(named, "DataLoss", len(relayDoors))}
	ended := func(body, code string) int {
		return int(counted(t, body, "grpc_server_handled_total", `grpc_code="`+code+`"`, `grpc_service="other"`))
	}
	body := ""
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); { // a call is counted only after its caller has the answer
		_, body = get(t, p.base()+"/metrics")
		if strings.Contains(body, want[0]) && strings.Contains(body, want[1]) &&
			ended(body, "OK") == 2*len(relayDoors) && ended(body, "DataLoss") == len(relayDoors) && !strings.Contains(body, `grpc_service="`+numbers) {
			return
		}
	}
	t.Errorf("not %q, or the service's name, in\n%s", want, body)
}

// Calls of the server's own services are never relayed, and those of a service that nobody has are UNIMPLEMENTED.
func TestOwnServicesStay(t *testing.T) {
	e := listenElsewhere(t, "127.0.0.1:0", inV1)
	for name, unknown := range map[string]string{"*": "/nobodys.Service/Call", numbers: "/nobodys.Service/Call"} {
		v := visitor{t, start(t, "-upstream", name+"="+e.addr), doors[0]}
		answers(t, v.p)
		err := v.unary("/routeguide.RouteGuide/NoSuchMethod", number(1), number(0))
		if st := status.Convert(err); st.Code() != codes.Unimplemented || st.Message() != "unknown method NoSuchMethod for service routeguide.RouteGuide" {
			t.Errorf("%s: %v", name, err)
		}
		err = v.unary(unknown, number(1), number(0))
		if st := status.Convert(err); st.Code() != codes.Unimplemented || st.Message() != "unknown service nobodys.Service" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUpstreamsThatCannotBe(t *testing.T) {
	for want, args := range map[string][]string{
		"is a service of this server":           {"-upstream", "routeguide.RouteGuide=localhost:1"},
		"RouteGuide is a service of this":       {"-upstream", "RouteGuide=localhost:1"},
		"grpc.health.v1.Health is a service of": {"-upstream", "grpc.health.v1.Health=localhost:1"},
		"v1alpha.ServerReflection is a service": {"-upstream", "grpc.reflection.v1alpha.ServerReflection=localhost:1"},
		"a.B is given twice":                    {"-upstream", "a.B=localhost:1,a.B=localhost:2"},
		"is not like NAME=host:port":            {"-upstream", "a.B=localhost"},
		"not like NAME=host:port or":            {"-upstream", "a.B=localhost:http"},
		"neither the full name of a service":    {"-upstream", "/a.B=localhost:1"},
		"none.pem":                              {"-upstream", "a.B=https://localhost:1", "-upstream-ca", "none.pem"},
		"needs its key":                         {"-upstream", "a.B=https://localhost:1", "-upstream-cert", "c.pem"},
	} {
		args = append([]string{"-grpc-addr", "127.0.0.1:0", "-http-addr", "127.0.0.1:0", "-data", t.TempDir()}, args...)
		if err := app.Run(t.Context(), args, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", args, err, want)
		}
	}
}

// While an upstream is away, its calls fail at once and name it. When it is back, it is used again.
func TestUpstreamThatComesBack(t *testing.T) {
	e := listenElsewhere(t, "127.0.0.1:"+freePort(t), inV1)
	p := start(t, "-upstream", numbers+"="+e.addr)
	away := func(err error) bool {
		st := status.Convert(err)
		return st.Code() == codes.Unavailable && strings.HasPrefix(st.Message(), "the upstream "+numbers+" is unavailable: ")
	}
	var open []call
	for _, d := range relayDoors {
		c := visitor{t, p, d}.reach(t.Context(), waitThere)
		visitor{t, p, d}.ask(c)
		if err := c.RecvMsg(number(0)); err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	e.server.Stop()
	for i, c := range open {
		if err := c.RecvMsg(number(0)); !away(err) {
			t.Errorf("%s: an open stream ended with %v, want UNAVAILABLE and the name", relayDoors[i].name, err)
		}
	}
	for _, d := range relayDoors {
		if err := (visitor{t, p, d}).unary(double, number(1), number(0)); !away(err) {
			t.Errorf("%s: a call ended with %v, want UNAVAILABLE and the name", d.name, err)
		}
	}
	listenElsewhere(t, e.addr, inV1)
	deadline := time.After(patience)
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for v := (visitor{t, p, doors[0]}); ; {
		m := number(0)
		err := v.unary(double, number(4), m)
		if err == nil && m.Value == 8 {
			return
		}
		if !away(err) {
			t.Fatalf("a call ended with %v", err)
		}
		select {
		case <-poll.C:
		case <-deadline:
			t.Fatalf("it is not used again: %v", err)
		}
	}
}

// The program ends in time although an upstream would keep its streams open for ever.
func TestShutdownWithUpstream(t *testing.T) {
	e := listenElsewhere(t, "127.0.0.1:0", inV1)
	p := start(t, "-upstream", "*="+e.addr)
	var open []call
	for _, d := range relayDoors {
		c := visitor{t, p, d}.reach(t.Context(), waitThere)
		visitor{t, p, d}.ask(c)
		if err := c.RecvMsg(number(0)); err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	began := time.Now()
	if err := p.stop(); err != nil || time.Since(began) > 5*shutdownBound {
		t.Errorf("it ended with %v after %v", err, time.Since(began))
	}
	for i, c := range open {
		if err := c.RecvMsg(number(0)); status.Code(err) != codes.Unavailable {
			t.Errorf("%s: ended with %v, want UNAVAILABLE", relayDoors[i].name, err)
		}
		<-e.ended
	}
}
