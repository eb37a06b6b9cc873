package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"routeguide/server/lab/leaktest"
	"routeguide/server/store"
)

func TestMain(m *testing.M) { leaktest.VerifyTestMain(m) }

func quiet(string, uint64, uint64) {}

// open opens a store in a directory until the test ends or it is closed.
func open(t testing.TB, dir string) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), store.Options{Dir: dir, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

// fill appends n records to two logs: JSON and other data, with IDs and without.
func fill(t testing.TB, st *store.Store, n int) {
	t.Helper()
	var wg sync.WaitGroup
	for _, name := range []string{"NOTES", "TRACKS"} {
		l, err := st.Log(t.Context(), name, strings.ToLower(name[:1])+".>")
		if err != nil {
			t.Fatal(err)
		}
		for w := range 100 {
			wg.Go(func() {
				for i := w; i < n; i += 100 {
					e := store.Entry{Subject: fmt.Sprintf("%s.%d", strings.ToLower(name[:1]), i%7), Data: sample(i)}
					if i%3 > 0 {
						e.ID = fmt.Sprintf("id-%d", i)
					}
					if _, err := l.Append(t.Context(), e); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
	}
	wg.Wait()
}

// sample is data of all kinds.
func sample(i int) []byte {
	all := []string{
		`{"message":"hello"}`, ``, `null`, "\xff\x00 not text", `{ "not": "compact" }`, `"<a href=\"x\">&\u2028"`, `{"message":"ü  🙂"}`,
		`[1e400,-0,123456789012345678901234567890]`, `{"cut":`, ` 1`, "\"\xff\"", `","sum":"0123456789abcdef"}`, `{"a":1}{"b":2}`,
	}
	return []byte(all[i%len(all)])
}

func exported(t testing.TB, st *store.Store) []byte {
	t.Helper()
	var file bytes.Buffer
	if _, err := Export(t.Context(), st, &file, quiet); err != nil {
		t.Fatal(err)
	}
	if err := Check(t.Context(), bytes.NewReader(file.Bytes()), quiet); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// records returns all that a store holds.
func records(t testing.TB, st *store.Store) (all []store.Record) {
	t.Helper()
	logs, err := st.Extents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range logs {
		for rec, err := range st.Dump(t.Context(), e) {
			if err != nil {
				t.Fatal(err)
			}
			rec.Subject = e.Name + " " + rec.Subject
			all = append(all, rec)
		}
	}
	return all
}

func same(t testing.TB, got, want []store.Record) {
	t.Helper()
	equal := func(a, b store.Record) bool {
		return a.Seq == b.Seq && a.Subject == b.Subject && a.ID == b.ID && a.Time.Equal(b.Time) && bytes.Equal(a.Data, b.Data)
	}
	if len(got) != len(want) {
		t.Fatalf("there are %d records, want %d", len(got), len(want))
	}
	for i := range got {
		if !equal(got[i], want[i]) {
			t.Fatalf("record %d is %+v, want %+v", i, got[i], want[i])
		}
	}
}

func TestImportHasAllThatWasExported(t *testing.T) {
	from, to := open(t, t.TempDir()), open(t, t.TempDir())
	fill(t, from, 2500)
	file := exported(t, from)
	if _, err := Import(t.Context(), to, bytes.NewReader(file), quiet); err != nil {
		t.Fatal(err)
	}
	want := records(t, from)
	same(t, records(t, to), want)
	again := open(t, t.TempDir())
	if _, err := Import(t.Context(), again, bytes.NewReader(exported(t, to)), quiet); err != nil {
		t.Fatal(err)
	}
	same(t, records(t, again), want)

	l, err := to.Log(t.Context(), "NOTES", "n.>")
	if err != nil {
		t.Fatal(err)
	}
	seq, err := l.Append(t.Context(), store.Entry{Subject: "n.new"})
	if err != nil || seq != 2501 {
		t.Errorf("the next record is %d, %v, want 2501", seq, err)
	}
	// Somebody who was not told that it was stored tries again at the new place.
	i := slices.IndexFunc(want, func(rec store.Record) bool { return rec.ID == "id-1000" })
	if seq, err := l.Append(t.Context(), store.Entry{Subject: "n.again", ID: "id-1000"}); err != nil || seq != want[i].Seq {
		t.Errorf("a retry was stored as %d, %v, want %d", seq, err, want[i].Seq)
	}
}

// The file is refused wherever it was changed, at the line that was.
func TestChangedFileIsRefused(t *testing.T) {
	st := open(t, t.TempDir())
	fill(t, st, 30)
	file := exported(t, st)
	lines := bytes.SplitAfter(file, []byte("\n"))
	lines = lines[:len(lines)-1]
	refused := func(what string, line int, changed ...[]byte) {
		t.Helper()
		err := Check(t.Context(), bytes.NewReader(bytes.Join(changed, nil)), quiet)
		if !errors.Is(err, ErrFile) || !strings.Contains(err.Error(), fmt.Sprintf("line %d:", line)) {
			t.Errorf("%s at line %d: %v", what, line, err)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i, line := range lines {
		before, after := bytes.Join(lines[:i], nil), bytes.Join(lines[i+1:], nil)
		refused("nothing more", i+1, before)
		refused("cut off", i+1, before, line[:random.IntN(len(line))])
		for range 5 {
			flipped := bytes.Clone(line)
			flipped[random.IntN(len(line)-1)] ^= 1 << random.IntN(8)
			if bytes.IndexByte(flipped, '\n') == len(flipped)-1 {
				refused(fmt.Sprintf("flipped %s", flipped), i+1, before, flipped, after)
			}
		}
		if i+1 < len(lines) {
			refused("left out", i+1, before, after)
		}
		refused("twice", i+2, before, line, line, after)
	}
	refused("empty", 1)
	refused("something else", 1, []byte("hello\n"))
	refused("endless", 1, bytes.Repeat([]byte("x"), maxLine+1))
	refused("two files", len(lines)+1, file, file)
}

// A file whose sums are right may still ask for what cannot be.
func TestHostileLinesAreRefused(t *testing.T) {
	const good = `{"log":"NOTES","seq":5,"time":"2026-01-02T03:04:05Z","subject":"n.a","data":1}`
	notes := func(first, last uint64) string {
		return fmt.Sprintf(`{"format":%q,"version":1,"id":"x","logs":[{"name":"NOTES","subjects":["n.>"],"first":%d,"last":%d}]}`,
			format, first, last)
	}
	end := func(n int) string { return fmt.Sprintf(`{"records":{"NOTES":%d}}`, n) }
	with := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	for name, lines := range map[string][]string{
		"version":           {`{"format":"routeguide-export","version":2,"id":"x"}`, `{"records":{}}`},
		"no id":             {`{"format":"routeguide-export","version":1}`, `{"records":{}}`},
		"log twice":         {strings.Replace(notes(1, 5), `"logs":[`, `"logs":[{"name":"NOTES"},`, 1), end(0)},
		"log name":          {strings.Replace(notes(1, 5), "NOTES", "../NOTES", 1), end(0)},
		"no subjects":       {strings.Replace(notes(1, 5), `"n.>"`, ``, 1), end(0)},
		"server's subjects": {strings.Replace(notes(1, 5), `"n.>"`, `"$JS.API.>"`, 1), end(0)},
		"all subjects":      {strings.Replace(notes(1, 5), `"n.>"`, `">"`, 1), end(0)},
		"from 0":            {notes(0, 5), end(0)},
		"ends before":       {notes(7, 5), end(0)},
		"endless":           {notes(1, 1<<63), end(0)},
		"error":             {notes(5, 5), good, `{"error":"no more room"}`},
		"other log":         {notes(5, 5), with("NOTES", "TRACKS"), end(1)},
		"no time":           {notes(5, 5), with(`"time":"2026-01-02T03:04:05Z",`, ``), end(1)},
		"bad time":          {notes(5, 5), with("03:04", "33:04"), end(1)},
		"negative":          {notes(5, 5), with(`:5`, `:-5`), end(1)},
		"before the first":  {notes(6, 6), good, end(1)},
		"beyond the last":   {notes(4, 4), good, end(1)},
		"same sequence":     {notes(4, 7), good, good, end(2)},
		"wildcard":          {notes(5, 5), with("n.a", "n.*"), end(1)},
		"no subject":        {notes(5, 5), with("n.a", ""), end(1)},
		"other's subject":   {notes(5, 5), with("n.a", "t.a"), end(1)},
		"header in an id":   {notes(5, 5), with(`"data"`, `"id":"a\r\nNats-Rollup: all","data"`), end(1)},
		"both data":         {notes(5, 5), with(`"data"`, `"base64":"aGVsbG8=","data"`), end(1)},
		"too much data":     {notes(5, 5), with(`"data":1`, `"data":"`+strings.Repeat("x", store.MaxData)+`"`), end(1)},
		"not JSON":          {notes(5, 5), `{"log":"NOTES",,}`, end(1)},
		"array":             {notes(5, 5), `[1}`, end(1)},
		"wrong count":       {notes(5, 5), good, end(2)},
		"other count":       {notes(5, 5), good, `{"records":{"TRACKS":1}}`},
		"gap":               {notes(5, 1<<40), good, with(":5", ":1000000000"), end(2)},
	} {
		t.Run(name, func(t *testing.T) {
			st := open(t, t.TempDir())
			_, err := Import(t.Context(), st, strings.NewReader(sealed(lines)), quiet)
			if !errors.Is(err, ErrFile) && !errors.Is(err, store.ErrInvalid) {
				t.Fatalf("it was imported: %v", err)
			}
			t.Log(err)
			if logs, err := st.Extents(t.Context()); err == nil && len(records(t, st)) > 0 {
				t.Errorf("%v can be used", logs)
			}
		})
	}
	st := open(t, t.TempDir())
	if _, err := Import(t.Context(), st, strings.NewReader(sealed([]string{notes(5, 5), good, end(1)})), quiet); err != nil {
		t.Errorf("a good file: %v", err)
	}
}

// sealed makes a file of lines that it adds the sums to.
func sealed(lines []string) string {
	var file bytes.Buffer
	w := newWriter(&file)
	for i, line := range lines {
		if line == "" {
			line = "{}"
		}
		digits := shortSum
		if i == len(lines)-1 {
			digits = fullSum
		}
		if err := w.seal([]byte(line), digits); err != nil {
			panic(err)
		}
	}
	w.out.Flush()
	return file.String()
}

// Sequences that have no record stay without one, wherever they are.
func TestGapsAreKept(t *testing.T) {
	const recs, last, logs = 4, 6000, `[{"name":"EMPTY","subjects":["e.>"],"first":43,"last":42,"records":0},` +
		`{"name":"NOTES","subjects":["n.>"],"first":1000,"last":6000,"records":4}]`
	lines := []string{`{"format":"routeguide-export","version":1,"id":"x","time":"2026-01-02T03:04:05Z","logs":` + logs + `}`}
	for _, seq := range []int{1000, 1001, 1003, 5003} {
		lines = append(lines, fmt.Sprintf(`{"log":"NOTES","seq":%d,"time":"2026-01-02T03:04:05.000000006Z","subject":"n.a","id":"same","data":%d}`, seq, seq))
	}
	file := sealed(append(lines, `{"records":{"EMPTY":0,"NOTES":4}}`))
	dir := t.TempDir()
	st := open(t, dir)
	all, err := Import(t.Context(), st, strings.NewReader(file), quiet)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Summary{Log: "NOTES", Records: recs, Missing: last - 999 - recs}); all[1] != want {
		t.Errorf("the summary is %+v, want %+v", all[1], want)
	}
	if again := string(exported(t, st)); again[strings.Index(again, `"logs":`):][:len(logs)] != file[strings.Index(file, `"logs":`):][:len(logs)] {
		t.Errorf("the logs are %s", strings.SplitN(again, "\n", 2)[0])
	}
	if got := records(t, st); len(got) != recs || got[3].Seq != 5003 || got[3].ID != "same" {
		t.Errorf("the records are %v", got)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	st, err = store.Open(t.Context(), store.Options{Dir: dir, Logger: slog.New(slog.NewTextHandler(&said, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	for name, want := range map[string]uint64{"EMPTY": 43, "NOTES": last + 1} {
		l, err := st.LogFor(t.Context(), time.Hour, name, strings.ToLower(name[:1])+".>")
		if err != nil {
			t.Fatal(err)
		}
		if seq, err := l.Append(t.Context(), store.Entry{Subject: strings.ToLower(name[:1]) + ".a"}); err != nil || seq != want {
			t.Errorf("the next record of %s is %d, %v, want %d", name, seq, err, want)
		}
	}
	if strings.Contains(said.String(), "level=ERROR") {
		t.Errorf("what was not there is taken for lost:\n%s", said.String())
	}
}

func TestImportIntoRecordsIsRefused(t *testing.T) {
	from, to := open(t, t.TempDir()), open(t, t.TempDir())
	fill(t, from, 10)
	l, err := to.Log(t.Context(), "OTHER", "o.>")
	if err != nil {
		t.Fatal(err)
	}
	file := exported(t, from)
	if _, err := l.Append(t.Context(), store.Entry{Subject: "o.1"}); err != nil {
		t.Fatal(err)
	}
	_, err = Import(t.Context(), to, bytes.NewReader(file), quiet)
	if !errors.Is(err, store.ErrNotEmpty) || !strings.Contains(err.Error(), "OTHER") {
		t.Errorf("the import ended with %v", err)
	}
	if n := len(records(t, to)); n != 1 {
		t.Errorf("there are %d records now, want the 1 that was there", n)
	}
}

// An import that ends at any moment goes on when it is run again, and until it is complete nobody can use the store.
func TestInterruptedImportGoesOn(t *testing.T) {
	from, dir := open(t, t.TempDir()), t.TempDir()
	fill(t, from, 3000)
	file := exported(t, from)
	st := open(t, dir)
	other := exported(t, from)
	if _, err := Import(t.Context(), st, bytes.NewReader(other[:len(other)/2]), quiet); !errors.Is(err, ErrFile) {
		t.Fatalf("a half of another file: %v", err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	for _, part := range []int{1, 3, 3, 5, 9} { // tenths
		st := open(t, dir)
		_, err := Import(t.Context(), st, bytes.NewReader(file[:len(file)*part/10]), quiet)
		if !errors.Is(err, ErrFile) {
			t.Fatalf("%d tenths of the file: %v", part, err)
		}
		if _, err := st.Log(t.Context(), "NOTES", "n.>"); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("the log can be opened: %v", err)
		}
		if _, err := Export(t.Context(), st, io.Discard, quiet); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("a part can be exported: %v", err)
		}
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
	}
	st = open(t, dir)
	for range 2 { // the second finds that nothing is left to do
		if _, err := Import(t.Context(), st, bytes.NewReader(file), quiet); err != nil {
			t.Fatal(err)
		}
		same(t, records(t, st), records(t, from))
	}
	l, err := st.Log(t.Context(), "NOTES", "n.>")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), store.Entry{Subject: "n.new"}); err != nil {
		t.Fatal(err)
	}
	if _, err := Import(t.Context(), st, bytes.NewReader(file), quiet); !errors.Is(err, store.ErrNotEmpty) {
		t.Errorf("the file was imported into what was written since: %v", err)
	}
}

func TestCanceledExportAndImportEnd(t *testing.T) {
	st := open(t, t.TempDir())
	fill(t, st, 3000)
	for name, move := range map[string]func(context.Context, Progress) error{
		"export": func(ctx context.Context, p Progress) error {
			_, err := Export(ctx, st, io.Discard, p)
			return err
		},
		"import": func(ctx context.Context, p Progress) error {
			_, err := Import(ctx, open(t, t.TempDir()), bytes.NewReader(exported(t, st)), p)
			return err
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		if err := move(ctx, func(string, uint64, uint64) { cancel() }); !errors.Is(err, context.Canceled) {
			t.Errorf("%s ended with %v", name, err)
		}
	}
}

func FuzzReader(f *testing.F) {
	st := open(f, f.TempDir())
	fill(f, st, 20)
	f.Add(exported(f, st))
	f.Add([]byte(sealed([]string{`{"format":"routeguide-export","version":1,"id":"x","logs":[]}`, `{"records":{}}`})))
	f.Fuzz(func(t *testing.T, file []byte) {
		var out bytes.Buffer
		if _, err := copyFile(t.Context(), bytes.NewReader(file), &out, "read", quiet); err == nil && !bytes.Equal(out.Bytes(), file) {
			t.Error("what was read is not what was written")
		}
		// The same lines with right sums reach the checks behind them.
		lines := strings.Split(strings.TrimSuffix(string(file), "\n"), "\n")
		for i, line := range lines {
			if before, _, ok := strings.Cut(line, sumMember); ok {
				lines[i] = before + "}"
			}
		}
		if err := Check(t.Context(), strings.NewReader(sealed(lines)), quiet); err != nil && !errors.Is(err, ErrFile) {
			t.Errorf("%v", err)
		}
	})
}
