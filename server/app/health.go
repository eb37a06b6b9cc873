package app

import (
	"context"
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"
)

const healthUsage = `Usage: routeguide health [flags]

Asks the RouteGuide of this machine whether it takes changes, as containers without a shell do. The exit status
is 1 when it does not, or is not there.

`

// healthWait is how long an answer may take.
const healthWait = 5 * time.Second

// ask gets from this machine, whatever its certificate is good for.
func ask(ctx context.Context, url string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	return client.Do(req)
}

func health(ctx context.Context, args []string, out, say io.Writer) error {
	fs := flag.NewFlagSet("routeguide health", flag.ContinueOnError)
	fs.SetOutput(say)
	fs.Usage = func() {
		fmt.Fprint(say, healthUsage)
		fs.PrintDefaults()
	}
	var c config
	c.httpFlag(fs)
	if err := read(fs, args, os.LookupEnv); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("health: unexpected argument %q", fs.Arg(0))
	}
	at, err := reachable(c.httpAddr)
	if err != nil {
		return fmt.Errorf("health: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, healthWait)
	defer cancel()
	res, err := ask(ctx, "http://"+at+"/readyz")
	if err == nil && res.StatusCode == http.StatusBadRequest { // so a port with TLS answers
		_ = res.Body.Close()
		res, err = ask(ctx, "https://"+at+"/readyz")
	}
	if err != nil {
		return fmt.Errorf("health: %w", err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(res.Body, 4<<10))
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("health: not ready: %s", strings.TrimSpace(string(text)))
	}
	_, err = out.Write(text)
	return err
}

// reachable is where this machine reaches a server that listens on an address.
func reachable(listens string) (string, error) {
	host, port, err := net.SplitHostPort(listens)
	if err != nil {
		return "", err
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port), nil
}
