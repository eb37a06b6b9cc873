package app

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"

	"routeguide/server/edge/basemap"
	"routeguide/server/key"
	"routeguide/server/note"
	"routeguide/server/route"
	"routeguide/server/rpc"
	"routeguide/server/store"
	"routeguide/server/traveler"
	"routeguide/server/upstream"
)

// What -max-message may be.
const (
	minMessage = 64 << 10
	maxMessage = 1 << 30
)

// config is what the flags and the environment say.
type config struct {
	grpcAddr, httpAddr string
	adminAddr          string
	drain              time.Duration
	tls                tlsConfig
	hosts              []string
	data, features     string
	nats               store.Cluster
	maxBytes           int64
	allowOrigins       []string
	open               key.Role
	basemaps           []basemap.Source
	replay             int
	notesPerPlace      int
	trackMaxAge        time.Duration
	travelerMaxAge     time.Duration
	routeGap           time.Duration
	routeRest          time.Duration
	maxMessage         int
	users, gcnWeights  string
	upstream           upstream.Options
	descriptors        []string
	mcpTools           []string
	logLevel           slog.Level
	logFormat          string
	allowance          rpc.Allowance
	proxies            rpc.Proxies
	demo               bool
}

// store says where records are kept.
func (c config) store(log *slog.Logger) store.Options {
	o := store.Options{Dir: c.data, MaxBytes: c.maxBytes, Logger: log}
	if c.nats.URL != "" {
		o.Cluster = &c.nats
	}
	return o
}

// parse reads the flags. Each may also be set by an environment variable, -grpc-addr by ROUTEGUIDE_GRPC_ADDR; the flag wins.
func parse(args []string, out io.Writer, env func(string) (string, bool)) (config, error) {
	c := config{allowance: rpc.DefaultAllowance}
	fs := flag.NewFlagSet("routeguide", flag.ContinueOnError)
	fs.SetOutput(out)
	fs.Usage = func() {
		fmt.Fprint(out, "Usage: routeguide [flags]                serve\n"+
			"       routeguide backup [flags] file    copy the store to a file; -h tells more\n"+
			"       routeguide restore [flags] file   begin a store with such a file; -h tells more\n"+
			"       routeguide check [flags]          see whether the store is damaged; -h tells more\n"+
			"       routeguide health [flags]         see whether the server of this machine is ready; -h tells more\n"+
			"       routeguide version                print which version this is\n\n")
		fs.PrintDefaults()
	}
	fs.StringVar(&c.grpcAddr, "grpc-addr", "127.0.0.1:50051", "`address` for native gRPC; port 0 takes any free one; that of -http-addr: both are served there")
	c.httpFlag(fs)
	fs.StringVar(&c.adminAddr, "admin-addr", "", "`address` for those who run the program: /metrics, /readyz with reasons, /debug/pprof/ and channelz, without keys or TLS; none by default")
	fs.DurationVar(&c.drain, "drain", 0, "`time` between saying that we are not ready and ending calls, for load balancers to notice")
	c.tls.flags(fs)
	c.storeFlags(fs)
	fs.Int64Var(&c.maxBytes, "store-max-bytes", 0, "`bytes` that the store may take; 0 means what the disk has")
	fs.IntVar(&c.notesPerPlace, "notes-per-place", 0, "`notes` that a place may have; 0 means any number")
	fs.DurationVar(&c.trackMaxAge, "track-max-age", 0, "`time` for which the points of routes are kept, as 720h; 0 means for ever")
	fs.DurationVar(&c.travelerMaxAge, "traveler-max-age", traveler.DefaultMaxAge, "`age` of their newest point until which travelers are shown")
	fs.DurationVar(&c.routeGap, "route-gap", route.DefaultPause, "`time` without a point after which a phone's app has begun another route")
	fs.DurationVar(&c.routeRest, "route-rest", route.DefaultPause, "`time` in one place after which it has, when the phone goes on")
	fs.IntVar(&c.maxMessage, "max-message", 4<<20, "`bytes` that a message from a client may have; a graph with a million edges has about 20 MiB, 50 MiB as JSON")
	fs.StringVar(&c.features, "features", "", "`file` of features (JSON, GeoJSON or CSV) instead of the 100 built-in ones")
	fs.Func("allow-origin", "web `origin` that may call besides our own, as https://example.org, or * for all; may be repeated", func(s string) error {
		for origin := range strings.SplitSeq(s, ",") {
			if err := checkOrigin(origin); err != nil {
				return err
			}
			c.allowOrigins = append(c.allowOrigins, origin)
		}
		return nil
	})
	fs.Func("host", "`name` by which browsers know this server, as map.example.org; may be repeated", func(s string) error {
		for one := range strings.SplitSeq(s, ",") {
			name, err := parseHost(one)
			if err != nil {
				return err
			}
			c.hosts = append(c.hosts, name)
		}
		return nil
	})
	fs.Func("open", "what may be done without a key where others than this machine can come in: `view or write`; nothing, if this is not set", func(s string) (err error) {
		c.open, err = parseOpen(s)
		return err
	})
	fs.Func("basemap", "`map` for the page: a PMTiles file, a style as https://example.org/style.json, or pictures as https://example.org/{z}/{x}/{y}.png; as NAME=… it has a name; may be repeated", func(s string) error {
		for one := range strings.SplitSeq(s, ",") {
			source, err := basemap.Parse(one)
			if err != nil {
				return err
			}
			c.basemaps = append(c.basemaps, source)
		}
		return nil
	})
	fs.IntVar(&c.replay, "replay", note.DefaultReplay, "newest `notes` of a place that a chat is sent before live ones")
	fs.StringVar(&c.users, "users", "", "`file` of the users of the tutorials' MyService (JSON or CSV) instead of the built-in ones")
	fs.StringVar(&c.gcnWeights, "gcn-weights", "", "`file` of weights (JSON) for the tutorials' GCNService")
	fs.Func("upstream", "`NAME=host:port` of another gRPC server to be reached through our doors, NAME=https://host:port with TLS; NAME is a service, or * for all that are not ours; may be repeated", func(s string) error {
		for one := range strings.SplitSeq(s, ",") {
			target, err := upstream.ParseTarget(one)
			if err != nil {
				return err
			}
			c.upstream.Targets = append(c.upstream.Targets, target)
		}
		return nil
	})
	fs.Func("upstream-descriptors", "`file` of the contracts of upstreams without reflection: a FileDescriptorSet or a .proto source; may be repeated", func(s string) error {
		c.descriptors = append(c.descriptors, strings.Split(s, ",")...)
		return nil
	})
	fs.Func("mcp-tools", "`file` of methods that agents are offered as tools besides our own (JSON); may be repeated", func(s string) error {
		c.mcpTools = append(c.mcpTools, strings.Split(s, ",")...)
		return nil
	})
	fs.StringVar(&c.upstream.CA, "upstream-ca", "", "`file` of certificates (PEM) that upstreams must be signed by, instead of those that the system trusts")
	fs.StringVar(&c.upstream.Cert, "upstream-cert", "", "`file` of the certificate (PEM) that upstreams are shown, for mutual TLS")
	fs.StringVar(&c.upstream.Key, "upstream-key", "", "`file` of its private key (PEM)")
	fs.BoolVar(&c.demo, "demo", false, "have simulated travelers move and write; nothing of what happens is kept")
	fs.TextVar(&c.logLevel, "log-level", slog.LevelInfo, "`level` of the log: debug has a line for every call, then info, warn, error")
	fs.Func("limit", "`NAME=N` that one caller may have: calls a second (100), streams open (500), bytes a second (262144), notes a minute (300); 0 means any number; may be repeated", c.limit)
	fs.Func("proxy", "`network` of reverse proxies before us, as 10.0.0.0/8, which are believed for whom they call; may be repeated", c.proxy)
	fs.StringVar(&c.logFormat, "log-format", "text", "`form` of the log's lines: text or json")
	if err := read(fs, args, env); err != nil {
		return config{}, err
	}
	told := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { told[f.Name] = true })
	if c.tls.lan && !told["http-addr"] {
		c.httpAddr = ":8080"
	}
	if c.tls.lan && !told["grpc-addr"] {
		c.grpcAddr = ":50051"
	}
	if c.demo && (told["data"] || told["nats-url"]) {
		return config{}, errors.New("-demo keeps nothing: it goes with neither -data nor -nats-url")
	}
	return c, c.check(fs.Args())
}

// httpFlag adds the flag that says where the HTTP port is.
func (c *config) httpFlag(fs *flag.FlagSet) {
	fs.StringVar(&c.httpAddr, "http-addr", "127.0.0.1:8080", "`address` for the page, REST, gRPC-Web and WebSocket; port 0 takes any free one")
}

// storeFlags adds the flags that say where the store is.
func (c *config) storeFlags(fs *flag.FlagSet) {
	fs.StringVar(&c.data, "data", "routeguide-data", "`directory` of the store")
	fs.StringVar(&c.nats.URL, "nats-url", "", "`addresses` of a NATS JetStream cluster that has the order of changes, as nats://a:4222,nats://b:4222; any number of RouteGuides may share it")
	fs.StringVar(&c.nats.Creds, "nats-creds", "", "`file` of NATS credentials")
	fs.StringVar(&c.nats.CA, "nats-ca", "", "`file` of the certificates to trust for NATS (PEM)")
	fs.StringVar(&c.nats.Cert, "nats-cert", "", "`file` of our certificate for NATS (PEM)")
	fs.StringVar(&c.nats.Key, "nats-key", "", "`file` of that certificate's key (PEM)")
	fs.IntVar(&c.nats.Replicas, "nats-replicas", 3, "`servers` of the NATS cluster that keep each change, 1 to 5")
}

// read sets the flags by the environment, then by the arguments.
func read(fs *flag.FlagSet, args []string, env func(string) (string, bool)) error {
	var bad error
	fs.VisitAll(func(f *flag.Flag) {
		name := "ROUTEGUIDE_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if value, ok := env(name); ok && value != "" {
			if err := fs.Set(f.Name, value); err != nil {
				bad = errors.Join(bad, fmt.Errorf("%s: %w", name, err))
			}
		}
	})
	if bad != nil {
		return bad
	}
	return fs.Parse(args)
}

func (c config) check(rest []string) error {
	if len(rest) > 0 {
		return fmt.Errorf("unexpected argument %q", rest[0])
	}
	if c.replay < 1 {
		return fmt.Errorf("-replay: %d is not a whole number from 1", c.replay)
	}
	if c.maxMessage < minMessage || c.maxMessage > maxMessage {
		return fmt.Errorf("-max-message: %d is not between %d and %d", c.maxMessage, minMessage, maxMessage)
	}
	if c.maxBytes < 0 || c.notesPerPlace < 0 {
		return errors.New("-store-max-bytes and -notes-per-place are 0 or more")
	}
	if c.trackMaxAge != 0 && c.trackMaxAge < time.Hour {
		return fmt.Errorf("-track-max-age: %v is less than an hour", c.trackMaxAge)
	}
	if c.travelerMaxAge <= 0 {
		return fmt.Errorf("-traveler-max-age: %v is not more than nothing", c.travelerMaxAge)
	}
	if c.routeGap < time.Minute || c.routeRest < time.Minute {
		return errors.New("-route-gap and -route-rest are a minute or more")
	}
	if err := c.checkStore(); err != nil {
		return err
	}
	if err := checkLogFormat(c.logFormat); err != nil {
		return err
	}
	if err := c.checkTLS(); err != nil {
		return err
	}
	if c.drain < 0 {
		return fmt.Errorf("-drain: %v is less than nothing", c.drain)
	}
	for name, addr := range map[string]string{"grpc-addr": c.grpcAddr, "http-addr": c.httpAddr, "admin-addr": c.adminAddr} {
		if name == "admin-addr" && addr == "" {
			continue
		}
		if _, _, err := net.SplitHostPort(addr); err != nil {
			return fmt.Errorf("-%s: %w", name, err)
		}
	}
	return nil
}

// onePort tells whether the HTTP port has all doors.
func (c config) onePort() bool {
	_, port, _ := net.SplitHostPort(c.httpAddr)
	return c.grpcAddr == c.httpAddr && port != "0"
}

func (c config) checkStore() error {
	if n := c.nats; n.URL == "" && n.Creds+n.CA+n.Cert+n.Key != "" {
		return errors.New("-nats-creds, -nats-ca, -nats-cert and -nats-key are of no use without -nats-url")
	} else if n.Replicas < 1 || n.Replicas > 5 {
		return fmt.Errorf("-nats-replicas: %d is not between 1 and 5", n.Replicas)
	} else if (n.Cert == "") != (n.Key == "") {
		return errors.New("-nats-cert and -nats-key need one another")
	}
	return nil
}

func checkOrigin(s string) error {
	if s == "*" {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Host == "" || s != u.Scheme+"://"+u.Host {
		return fmt.Errorf("%q is not an origin like https://example.org", s)
	}
	return nil
}
