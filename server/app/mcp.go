package app

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"routeguide/openapi"
	"routeguide/server/edge/mcp"
	"routeguide/server/schema"
)

const mcpUsage = `Usage: routeguide mcp [flags]

Is a server of the Model Context Protocol on standard input and output, for agents that start their tools as
programs. It has the tools of a running RouteGuide, whose address is that of its native gRPC. With a key in
ROUTEGUIDE_KEY, its calls have the rights of that key, and tools that write are offered too.

`

// serveAgent runs until the agent closes its end.
func serveAgent(ctx context.Context, args []string, say io.Writer) error {
	fs := flag.NewFlagSet("routeguide mcp", flag.ContinueOnError)
	fs.SetOutput(say)
	fs.Usage = func() {
		fmt.Fprint(say, mcpUsage)
		fs.PrintDefaults()
	}
	server := fs.String("server", "127.0.0.1:50051", "`host:port` of a RouteGuide's native gRPC")
	secure := fs.Bool("tls", false, "the server has TLS")
	if err := read(fs, args, os.LookupEnv); err != nil {
		return err
	}
	creds := insecure.NewCredentials()
	if *secure {
		creds = credentials.NewTLS(nil)
	}
	conn, err := grpc.NewClient(*server, grpc.WithTransportCredentials(creds))
	if err != nil {
		return fmt.Errorf("mcp: %w", err)
	}
	defer conn.Close()
	contract, err := schema.Decode(openapi.Contract)
	if err != nil {
		return err
	}
	tools, err := mcp.Tools()
	if err != nil {
		return err
	}
	own := []*schema.Schema{schema.New("", contract, schema.ServicesOf(contract)...)}
	header := http.Header{}
	if key := os.Getenv("ROUTEGUIDE_KEY"); key != "" {
		header.Set("Authorization", "Bearer "+key)
	}
	door := mcp.New(mcp.Options{
		Conn: conn, Schemas: func(context.Context) []*schema.Schema { return own }, Tools: tools,
		Log: slog.New(slog.NewTextHandler(say, nil)), Header: header,
	})
	return door.Server(ctx, len(header) > 0).Run(ctx, &sdk.StdioTransport{})
}
