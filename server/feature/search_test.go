package feature

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"routeguide/server/geo"
)

func TestFolded(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "",
		" -, ":                         "",
		"Berkshire Valley, NJ 07945":   " berkshire valley nj 07945",
		"O'Hare / Joe’s":               " ohare joes",
		"'quoted' ' alone'":            " quoted alone",
		"Café Zürich":                  " cafe zurich",
		"Cafe\u0301":                   " cafe",
		"ÅÉÎ œuvre Straße Łódź Øre":    " aei oeuvre strasse lodz ore",
		"İstanbul Diyarbakır":          " istanbul diyarbakir",
		"ΑΘΉΝΑ Ὀδυσσεύς":               " αθηνα οδυσσευσ",
		"Москва́, Йошкар-Ола":          " москва иошкар ола",
		"東京駅 Tokyo":                    " 東 京 駅 tokyo",
		"ｆｕｌｌ ﬁn":                      " full fin",
		"\xff broken \xffutf":          " broken utf",
		"naïve—dash…end":               " naive dash end",
		"हिन्दी":                       " हिनदी",
		strings.Repeat("A", 3) + "\n1": " aaa 1",
	} {
		if got := folded(text); got != want {
			t.Errorf("folded(%q) = %q, want %q", text, got, want)
		}
	}
}

// FuzzFolded has the two ways of folding agree where both can do it, and what is folded stays as it is.
func FuzzFolded(f *testing.F) {
	for _, text := range []string{"O'Hare's A-1", "Ünï ' x", "東京", "ﬁ İı ẞ"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		once := folded(text)
		if again := folded(once); again != once {
			t.Errorf("folded(%q) = %q, and folded again %q", text, once, again)
		}
		if other := foldedUnicode(text); other != once {
			t.Errorf("folded(%q) = %q, and the slow way %q", text, once, other)
		}
	})
}

// both returns an edition whose features come from a file, and one where the same were added.
func both(t testing.TB, features []Described) map[string]*Edition {
	t.Helper()
	base, err := NewIndex(sequence(func(yield func(Described) bool) error {
		for _, d := range features {
			yield(d)
		}
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	empty, _ := indexOf(t, nil)
	var added []*edit
	for i, d := range features {
		added = append(added, empty.edit(row{id: fmt.Sprintf("added%07d", i), created: 1, Patch: patchTo(d)}))
	}
	edited, _ := unedited(empty).with(added, 1)
	return map[string]*Edition{"file": unedited(base), "edits": edited}
}

func TestSearch(t *testing.T) {
	at := func(lat, lng int32) geo.Point { return geo.Point{Lat: lat * 1e7, Lng: lng * 1e7} }
	features := []Described{
		{Feature: Feature{"New York City", at(40, -74)}},
		{Feature: Feature{"York, old and new", at(54, -1)}},
		{Feature: Feature{"New York", at(41, -74)}},
		{Feature: Feature{"Café du Monde", at(30, -90)}, Details: Details{Category: "cafe", Description: "Beignets in New Orleans"}},
		{Feature: Feature{"Monde neuf", at(31, -90)}, Details: Details{Description: "A café"}},
		{Feature: Feature{"Newyorker", at(50, 8)}},
		{Feature: Feature{"Suva", at(-18, 178)}, Details: Details{Category: "town"}},
		{Feature: Feature{"Savusavu", at(-17, 179)}, Details: Details{Category: "town"}},
		{Feature: Feature{"Apia", at(-14, -172)}, Details: Details{Category: "town"}},
		{Feature: Feature{"", at(0, 0)}},
	}
	pacific := &geo.Rect{South: -30e7, West: 175e7, North: 0, East: -170e7}
	for name, e := range both(t, features) {
		for _, test := range []struct {
			text string
			area *geo.Rect
			want string
		}{
			{"new york", nil, "New York, New York City, York, old and new"},
			{"york new", nil, "New York, New York City, York, old and new"},
			{"NEW YORK c", nil, "New York City"},
			{"newyork", nil, "Newyorker"},
			{"cafe", nil, "Café du Monde, Monde neuf"},
			{"CAFÉ monde", nil, "Café du Monde, Monde neuf"},
			{"beignets orleans", nil, "Café du Monde"},
			{"orleans york", nil, ""},
			{"ork", nil, ""},
			{"!", nil, ""},
			{"town", nil, "Apia, Savusavu, Suva"},
			{"town", pacific, "Savusavu, Apia, Suva"}, // the middle is at 177.5° west
			{"town", &geo.Rect{South: -30e7, West: 175e7, North: -17e7, East: 180e7}, "Suva, Savusavu"},
			{"new", pacific, ""},
		} {
			if test.area == pacific && test.want != "" {
				slices.SortFunc(features[6:9], func(a, b Described) int {
					return int(geo.Distance(pacific.Middle(), a.Location) - geo.Distance(pacific.Middle(), b.Location))
				})
				test.want = features[6].Name + ", " + features[7].Name + ", " + features[8].Name
			}
			found, truncated := e.Search(Query{Text: test.text, Area: test.area, Limit: 9})
			var names []string
			for _, f := range found {
				names = append(names, f.Name)
			}
			if got := strings.Join(names, ", "); got != test.want || truncated {
				t.Errorf("%s: %q finds %q, %v, want %q", name, test.text, got, truncated, test.want)
			}
		}
		if found, _ := e.Search(Query{Text: "new", Limit: 2}); len(found) != 2 {
			t.Errorf("%s: found %d, want the best two", name, len(found))
		}
	}
}

// Searches find what looking at each finds, in the same order, in a file and among edits, as long as not too many match.
func TestSearchAgainstLookingAtEach(t *testing.T) {
	random := rand.New(rand.NewPCG(41, 42))
	words := []string{"Alpha", "alp", "Álp", "beta", "bet", "Gamma", "g", "delta's", "東", "Ω"}
	some := func(n int) string {
		var all []string
		for range random.IntN(n + 1) {
			all = append(all, words[random.IntN(len(words))])
		}
		return strings.Join(all, " ")
	}
	var features []Described
	for range 3000 {
		d := Described{Feature: Feature{some(4), geo.Point{Lat: random.Int32N(180e7) - 90e7, Lng: int32(random.Int64N(360e7) - 180e7)}}}
		if random.IntN(3) == 0 {
			d.Description = some(6)
		}
		features = append(features, d)
	}
	for name, e := range both(t, features) {
		for range 60 {
			q := Query{Text: some(3), Limit: 1 + random.IntN(4000)}
			if random.IntN(2) == 0 {
				area := geo.Rect{South: random.Int32N(180e7) - 90e7, North: 90e7, West: int32(random.Int64N(360e7) - 180e7), East: int32(random.Int64N(360e7) - 180e7)}
				q.Area = &area
			}
			text := folded(q.Text)
			var want []match
			for i, d := range features {
				if _, tier, ok := d.match(text); ok && text != "" && (q.Area == nil || q.Area.Contains(d.Location)) {
					m := match{tier: tier, name: folded(d.Name), i: uint32(i)}
					if q.Area != nil {
						m.metres = geo.Distance(q.Area.Middle(), d.Location)
					}
					want = append(want, m)
				}
			}
			slices.SortFunc(want, match.compare)
			want = want[:min(len(want), q.Limit)]
			got, truncated := e.Search(q)
			if len(got) != len(want) || truncated {
				t.Fatalf("%s: %+v finds %d, %v, want %d", name, q, len(got), truncated, len(want))
			}
			for i, m := range want {
				if d := features[m.i]; got[i].Name != d.Name && folded(got[i].Name) != m.name || q.Area != nil && got[i].Location != d.Location {
					t.Fatalf("%s: %+v finds %v as number %d, want %v", name, q, got[i], i, d)
				}
			}
		}
	}
}

// Of very many matches the ones with few words are looked at, and the answer says that it is not all.
func TestSearchOfACommonWord(t *testing.T) {
	var features []Described
	for i := range mostLooked + 100 {
		features = append(features, Described{Feature: Feature{fmt.Sprint("Rome restaurant ", i), geo.Point{Lat: int32(i)}}})
	}
	features = append(features, Described{Feature: Feature{"Rome", geo.Point{Lat: -1}}})
	for name, e := range both(t, features) {
		found, truncated := e.Search(Query{Text: "rom", Limit: 3})
		if len(found) != 3 || found[0].Name != "Rome" || !truncated {
			t.Errorf("%s: found %v, %v, want Rome first, and that it is not all", name, found, truncated)
		}
		found, truncated = e.Search(Query{Text: "rome 10050", Limit: 3})
		if len(found) != 1 || found[0].Name != "Rome restaurant 10050" || truncated {
			t.Errorf("%s: found %v, %v, want one restaurant", name, found, truncated)
		}
		found, truncated = e.Search(Query{Text: "rome", Area: &geo.Rect{South: 10_010, North: 10_011}, Limit: 3})
		if len(found) != 2 || truncated {
			t.Errorf("%s: found %v, %v in a small area, want two", name, found, truncated)
		}
	}
}

func millionNamed() []Described {
	random := rand.New(rand.NewPCG(51, 52))
	kinds := []string{"Street", "Restaurant", "Hotel", "School", "Church", "Peak", "Bridge"}
	var places []string
	for range 50_000 {
		var name []byte
		for range 2 + random.IntN(3) {
			name = append(name, "bcdfgklmnprstvz"[random.IntN(15)], "aeiou"[random.IntN(5)])
		}
		places = append(places, string(name))
	}
	features := make([]Described, 1_000_000)
	for i := range features {
		at := geo.Point{Lat: random.Int32N(180e7) - 90e7, Lng: int32(random.Int64N(360e7) - 180e7)}
		features[i].Feature = Feature{fmt.Sprint(places[random.IntN(len(places))], " ", kinds[random.IntN(len(kinds))], " ", i), at}
	}
	return features
}

func BenchmarkSearch(b *testing.B) {
	for name, e := range both(b, millionNamed()) {
		e.base.words()
		for _, q := range []Query{
			{Text: "123456", Limit: 20}, {Text: "1234", Limit: 20}, {Text: "hotel", Limit: 20}, {Text: "h", Limit: 20},
			{Text: "ba hotel", Limit: 20}, {Text: "hotel street", Limit: 20},
			{Text: "hotel", Limit: 20, Area: &geo.Rect{South: 40e7, North: 41e7, West: 7e7, East: 9e7}},
			{Text: "hotel", Limit: 20, Area: &geo.Rect{South: -90e7, North: 90e7, West: 0, East: 180e7}},
		} {
			b.Run(fmt.Sprint(name, "/", q.Text, "/", q.Area != nil), func(b *testing.B) {
				n := 0
				for b.Loop() {
					found, _ := e.Search(q)
					n = len(found)
				}
				b.ReportMetric(float64(n), "found")
			})
		}
	}
}

func BenchmarkWords(b *testing.B) {
	e := both(b, millionNamed())["file"]
	for b.Loop() {
		newWords(e.base)
	}
}

func BenchmarkNearest(b *testing.B) {
	e := both(b, millionNamed())["file"]
	random := rand.New(rand.NewPCG(61, 62))
	for b.Loop() {
		e.Nearest(geo.Point{Lat: random.Int32N(180e7) - 90e7, Lng: int32(random.Int64N(360e7) - 180e7)}, 10, 1e9)
	}
}
