package geo

// A Measure is a whole number that was measured. The zero value says that it was not.
type Measure struct {
	value int32
	known bool
}

// Measured returns the measure of a value.
func Measured(value int32) Measure { return Measure{value, true} }

// Get returns the value and whether it was measured; it is 0 where it was not.
func (m Measure) Get() (value int32, known bool) { return m.value, m.known }
