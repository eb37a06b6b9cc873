// Command server is RouteGuide: one process that serves a live map through native gRPC, REST, gRPC-Web and gRPC over
// WebSocket, and the page that shows it.
package main

import "routeguide/server/app"

func main() { app.Main() }
