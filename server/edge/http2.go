package edge

import (
	"net/http"
	"time"

	"golang.org/x/net/http2"
)

// What a connection of HTTP/2 may hold.
const (
	callsOfHTTP2      = 1000      // at a time
	receiveBytes      = 256 << 10 // of a request that nobody has taken
	receiveBytesOfAll = 4 << 20   // of all requests that nobody has taken, less than that
	pingEvery         = 30 * time.Second
)

// HTTP2 makes the server of an Edge speak HTTP/2 besides HTTP/1.1: over TLS when the client and the configuration of TLS agree
// on "h2", and without TLS when the client begins with it.
func HTTP2(server *http.Server) error {
	server.Protocols = new(http.Protocols)
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetHTTP2(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	server.HTTP2 = &http.HTTP2Config{
		MaxConcurrentStreams: callsOfHTTP2, MaxReceiveBufferPerStream: receiveBytes, MaxReceiveBufferPerConnection: receiveBytesOfAll - 1,
		SendPingTimeout: pingEvery, PingTimeout: pingEvery, WriteByteTimeout: 2 * pingEvery,
	}
	// Otherwise it would be the one in net/http, which in Go 1.26 can be brought down by one connection that changes its
	// header table while answers are written.
	return http2.ConfigureServer(server, nil)
}
