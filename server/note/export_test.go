package note

// Look is how many notes are looked at in one go.
var Look = &look
