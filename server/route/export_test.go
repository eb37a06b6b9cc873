package route

// What tests outside the package look at.
var (
	Pack   = pack
	Unpack = unpack
	Schema = schema
	Ahead  = &aheadAll
)
