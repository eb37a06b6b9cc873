// Command conformance stands between the two halves of the connectrpc conformance suite, with a RouteGuide that relays.
//
//	conformance server REFERENCESERVER   is a server to the suite: the suite's own, behind a RouteGuide of its own
//	conformance client REFERENCECLIENT   is a client to the suite: the suite's own, before a RouteGuide for each server
//
// ROUTEGUIDE_BIN is the program. Messages of the suite are only looked at where a port has to be another: it keeps their
// types to itself.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 2 && args[0] == "server" {
		return serve(ctx, args[1])
	} else if len(args) == 2 && args[0] == "client" {
		return call(ctx, args[1])
	}
	return fmt.Errorf("usage: conformance server|client PROGRAM")
}

// serve starts a server as the suite asks for it, and tells the suite that a RouteGuide before it is that server.
func serve(ctx context.Context, program string) error {
	request, err := read(os.Stdin)
	if err != nil {
		return err
	}
	server := command(ctx, program)
	stdin, err := server.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := server.StdoutPipe()
	if err != nil {
		return err
	}
	if err := server.Start(); err != nil {
		return err
	}
	defer server.Wait()
	// Whatever door the suite comes to, an upstream is reached by gRPC over HTTP/2 without TLS.
	behind := set(set(set(request, serverProtocol, protocolGRPC), serverVersion, version2), serverTLS, 0)
	if err := write(stdin, behind); err != nil {
		return err
	}
	if err := stdin.Close(); err != nil {
		return err
	}
	answer, err := read(stdout)
	if err != nil {
		return fmt.Errorf("%s: %w", program, err)
	}
	guide, err := start(ctx, number(answer, answerPort))
	if err != nil {
		return err
	}
	defer guide.wait()
	port := guide.http
	if number(request, serverProtocol) == protocolGRPC {
		port = guide.grpc
	}
	if err := write(os.Stdout, set(text(nil, answerHost, loopback), answerPort, port)); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// call passes the suite's requests for calls on, each with the address of a RouteGuide before the server that it names.
func call(ctx context.Context, program string) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	client := command(ctx, program)
	client.Stdout = os.Stdout
	stdin, err := client.StdinPipe()
	if err != nil {
		cancel()
		return err
	}
	if err := client.Start(); err != nil {
		cancel()
		return err
	}
	guides := map[uint64]*guide{} // by the port behind
	defer func() {
		_ = stdin.Close()
		if ended := client.Wait(); err == nil {
			err = ended
		}
		cancel()
		for _, g := range guides {
			g.wait()
		}
	}()
	for {
		request, err := read(os.Stdin)
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		behind := number(request, callPort)
		if guides[behind] == nil {
			if guides[behind], err = start(ctx, behind); err != nil {
				return err
			}
		}
		if err := write(stdin, set(text(request, callHost, loopback), callPort, guides[behind].grpc)); err != nil {
			return err
		}
	}
}

// command is a program that ends when ctx does.
func command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	return cmd
}
