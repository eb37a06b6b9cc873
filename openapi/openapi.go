// Package openapi holds the generated descriptions of the contract. Those of the REST surface say how streams look on the wire.
package openapi

import _ "embed"

// Swagger is the OpenAPI 2 document.
//
//go:embed swagger.json
var Swagger []byte

// Document is the OpenAPI 3 document.
//
//go:embed openapi.json
var Document []byte

// Contract is the contract itself, with its comments: a FileDescriptorSet.
//
//go:embed contract.binpb
var Contract []byte
