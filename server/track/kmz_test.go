package track_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"routeguide/server/track"
)

const lineKML = "<kml><Placemark><name>A way</name><LineString><coordinates>2,1 2.00001,1</coordinates></LineString></Placemark></kml>"

// kmz packs files, of which every second argument is the content. Sizes come after what is packed, as they do where an archive
// is written as a stream.
func kmz(t testing.TB, method uint16, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: files[i], Method: method})
		if err == nil {
			_, err = io.WriteString(w, files[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// known packs one file whose sizes are known before it.
func known(t *testing.T, method uint16, name, content string) []byte {
	t.Helper()
	var b, packed bytes.Buffer
	packed.WriteString(content)
	if method == zip.Deflate {
		packed.Reset()
		f, _ := flate.NewWriter(&packed, 9)
		_, _ = io.WriteString(f, content)
		_ = f.Close()
	}
	z := zip.NewWriter(&b)
	w, err := z.CreateRaw(&zip.FileHeader{Name: name, Method: method, CompressedSize64: uint64(packed.Len()), UncompressedSize64: uint64(len(content))})
	if err == nil {
		_, err = w.Write(packed.Bytes())
	}
	if err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestKMZ(t *testing.T) {
	want, err := read(strings.NewReader(lineKML))
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{
		"as a stream":              kmz(t, zip.Deflate, "doc.kml", lineKML),
		"after a picture":          kmz(t, zip.Deflate, "files/a.png", strings.Repeat("picture", 9999), "DOC.KML", lineKML, "b.kml", "not read"),
		"with sizes":               known(t, zip.Deflate, "doc.kml", lineKML),
		"not packed":               known(t, zip.Store, "doc.kml", lineKML),
		"not packed, more of them": append(known(t, zip.Store, "x", "12345")[:30+1+5], kmz(t, zip.Deflate, "doc.kml", lineKML)...),
	} {
		in := bytes.NewReader(file)
		if got, err := read(iotest.HalfReader(in)); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
		}
		if in.Len() > 0 {
			t.Errorf("%s: %d bytes are not read", name, in.Len())
		}
	}
}

// What an archive can be wrong with is said, and one that would come to very much is not unpacked.
func TestBrokenKMZ(t *testing.T) {
	whole := kmz(t, zip.Deflate, "doc.kml", "<kml>"+strings.Repeat("<Placemark/>", 999)+lineKML+"</kml>")
	damaged := bytes.Clone(whole)
	for i := 60; i < 80; i++ {
		damaged[i] = 0xff
	}
	for _, test := range []struct {
		name string
		file []byte
		want string
	}{
		{"a bomb", kmz(t, zip.Deflate, "doc.kml", "<kml>"+strings.Repeat("<a/>", 1<<20)+"</kml>"), "archive: it comes to more than a hundred times its length"},
		{"a bomb beside it", kmz(t, zip.Deflate, "a.png", strings.Repeat(" ", 4<<20), "doc.kml", lineKML), "archive: it comes to more than a hundred times its length"},
		{"no KML", kmz(t, zip.Deflate, "a.png", "x"), "archive: there is no KML in it"},
		{"cut off", whole[:len(whole)/3], "archive: it is damaged"},
		{"cut off in its head", whole[:20], "archive: there is no KML in it"},
		{"damaged", damaged, "archive: it is damaged"},
		{"other XML in it", kmz(t, zip.Deflate, "doc.kml", "<html/>"), "line 1, column 7: <html> is neither GPX nor KML"},
	} {
		_, err := read(bytes.NewReader(test.file))
		var broken *track.Error
		if !errors.As(err, &broken) || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
	}
}
