package track

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

const (
	maxDepth = 64       // elements in one another
	maxText  = 64 << 10 // bytes of a name, a time or a number
)

// document reads XML element by element. The first error ends everything: from then on there are no more elements, and err
// has the error.
type document struct {
	source
	decoder *xml.Decoder
	depth   int
	err     error
	to      *builder
}

func readXML(in *bufio.Reader, to *builder) error {
	d := &document{source: source{in: in, line: 1}, to: to}
	d.decoder = xml.NewDecoder(&d.source)
	d.decoder.CharsetReader = d.charset
	for root := range d.children() {
		switch root.Name.Local {
		case "gpx":
			d.gpx()
		case "kml":
			d.kml("")
		default:
			d.fail("<%s> is neither GPX nor KML", excerpt(root.Name.Local))
		}
	}
	if d.err == io.EOF {
		return nil
	}
	return d.err
}

// charset reads the file in an encoding other than UTF-8.
func (d *document) charset(label string, _ io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "us-ascii", "ascii", "iso-8859-1", "latin1", "windows-1252":
		d.in = bufio.NewReader(charmap.Windows1252.NewDecoder().Reader(d.in)) // as browsers read all of these
		return &d.source, nil
	}
	return nil, fmt.Errorf("the encoding %q is not read here; save the file as UTF-8", excerpt(label))
}

// children are the elements in the one that was yielded last, or at the top those of the file. What the caller does not read
// of one is skipped.
func (d *document) children() iter.Seq[xml.StartElement] {
	return func(yield func(xml.StartElement) bool) {
		for level := d.depth; ; {
			switch t := d.next().(type) {
			case nil:
				return
			case xml.StartElement:
				if d.depth == level+1 && !yield(t) {
					return
				}
			case xml.EndElement:
				if d.depth < level {
					return
				}
			}
		}
	}
}

// text is what stands in the element that was yielded last, without what stands in elements in it.
func (d *document) text() string {
	var b strings.Builder
	for level := d.depth; ; {
		switch t := d.next().(type) {
		case nil:
			return ""
		case xml.CharData:
			if d.depth == level {
				b.Write(t)
			}
			if b.Len() > maxText {
				d.fail("a text longer than %d bytes", maxText)
			}
		case xml.EndElement:
			if d.depth < level {
				return strings.TrimSpace(b.String())
			}
		}
	}
}

// next is the next token, or nil after an error. A text is valid until the one after it.
func (d *document) next() xml.Token {
	if d.err != nil {
		return nil
	}
	d.token = 0
	t, err := d.decoder.Token()
	if err != nil {
		d.broken(err)
		return nil
	}
	switch t.(type) {
	case xml.StartElement:
		if d.depth++; d.depth > maxDepth {
			d.fail("more than %d elements in one another", maxDepth)
			return nil
		}
	case xml.EndElement:
		d.depth--
	}
	return t
}

// broken ends everything because of what the decoder says.
func (d *document) broken(err error) {
	var syntax *xml.SyntaxError
	switch {
	case d.lost() != nil:
		d.err = d.lost()
	case err == io.EOF && d.depth == 0:
		d.err = io.EOF
	case errors.As(err, &syntax):
		d.fail("not XML: %s", syntax.Msg)
	case err == io.EOF:
		d.fail("the file ends too early")
	default:
		d.fail("%v", err)
	}
}

// fail ends everything because of what was read last.
func (d *document) fail(format string, args ...any) {
	if d.err == nil {
		d.err = &Error{fmt.Sprintf("line %d, column %d", d.line, d.column), fmt.Sprintf(format, args...)}
	}
}

// emit hands a track over.
func (d *document) emit(name string, points points) {
	if d.err == nil {
		d.err = d.to.emit(name, points)
	}
}

// number is the number in the element that was yielded last, as a whole one of a scale.
func (d *document) number(s scale, element string) int32 {
	text := d.text()
	if text == "" {
		return s.none
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		d.fail("<%s> has %q, which is not a number", element, excerpt(text))
	}
	return s.whole(v)
}

// time is the time in the element that was yielded last.
func (d *document) time(element string) int64 {
	t, err := moment(d.text())
	if err != nil {
		d.fail("<%s>: %v", element, err)
	}
	return t
}

// add appends a point.
func (d *document) add(to *points, p point) {
	if to.len() == maxPoints {
		d.fail("%v", errTooMany)
		return
	}
	to.add(p)
}
