package tutorial

import "routeguide/server/refusal"

// invalid is how the services refuse a value.
var invalid = refusal.Invalid
