package tutorial

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"routeguide/proto/tutorial/myservice"
)

const usersJSON = `[
  {"id": 7, "name": "Zoë", "age": 30, "email": "zoe@example.org", "team": "blue"},
  {"id": -1, "name": "Bo, \"B\""}
]`

const usersCSV = "\ufeffName, ID ,team,age,email\r\nZoë,7,blue,30,zoe@example.org\r\n\"Bo, \"\"B\"\"\", -1,,,\r\n"

func same(a, b users) bool {
	return len(a) == len(b) && maps.EqualFunc(a, b, func(x, y *myservicepb.User) bool { return proto.Equal(x, y) })
}

func TestReadUsers(t *testing.T) {
	want := users{7: {Name: "Zoë", Age: 30, Email: "zoe@example.org"}, -1: {Name: `Bo, "B"`}}
	for name, text := range map[string]string{"json": usersJSON, "csv": usersCSV} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := openUsers(path)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !same(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

func TestReadUsersNamesLineAndField(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "there are no users in it"},
		{"[]", "there are no users in it"},
		{"id,name\n", "there are no users in it"},
		{"id,name\n1,a\nx,b\n", `line 3: id: "x" is not a whole number`},
		{"id,name\n2147483648,a\n", `line 2: id: "2147483648" is not a whole number`},
		{"id,name\n1,a\n2,\"b\n\n\"\n3,\n", "line 3: name: is not one line"},
		{"id,name,age\n1,a,-3\n", "line 2: age: -3 is negative"},
		{"id,name,age\n1,a,old\n", `line 2: age: "old" is not a whole number`},
		{"id,name\n1,a\n1,b\n", "line 3: id: 1 is already the id of another user"},
		{"id,name\n1,\xff\n", "line 2: name: is not one line"},
		{"id,email\n1,a\n", "line 2: name: is required"},
		{"name\na\n", "line 2: id: is required"},
		{"id,name\n1\n", "record on line 2: wrong number of fields"},
		{"id,name\n1,\"a\n", "line 2, column"},
		{"[\n{\"id\":1,\"name\":\"a\"},\n{\"id\":2}]", "line 3: name: is required"},
		{"[\n{\"id\":1,\"name\":\"a\"},\n{\"name\":\"b\"}]", "line 3: id: is required"},
		{"[{\"id\":1,\n\"name\":\"a\",\n\"age\":\"x\"}]", "line 3: age: string is not a whole number"},
		{"[\n{\"id\":1.5,\"name\":\"a\"}]", "line 2: id: number 1.5 is not a whole number"},
		{"[{\"id\":1,\"name\":\"a\",\n\"email\":7}]", "line 2: email: number is not a text"},
		{"[\n\n7]", "line 3: number is not a user"},
		{"[{\"id\":1,\"name\":\"a\"}\n,\n{\"id\":}]", "line 3: invalid character '}'"},
		{"[{\"id\":1,\"name\":\"a\"}\n{}]", "line 2: expected comma"},
		{"[{\"id\":1,\"name\":\"a\"}\n", "line 2: unexpected EOF"},
		{"[{\"id\":1,\"name\":\"a\"},\n{\"id\"", "line 2: unexpected EOF"},
		{"[{\"id\":1,\"name\":\"a\"}]\n[]", "line 2: there is something after the array"},
		{"[{\"id\":1,\"name\":\"" + strings.Repeat("é", 129) + "\"}]", "line 1: name: is not one line of at most 256 bytes"},
	} {
		if all, err := readUsers(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60q: got %v and %v, want %q", c.text, all, err, c.want)
		}
	}
}

// FuzzUsers writes what was read in both formats: reading that again must give the same.
func FuzzUsers(f *testing.F) {
	f.Add([]byte(usersJSON))
	f.Add([]byte(usersCSV))
	f.Add([]byte("[{\"id\":1,\"name\":\"a\"},\n{\"id\":}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := readUsers(bytes.NewReader(data))
		if err != nil {
			return
		}
		var rows []row
		var text bytes.Buffer
		w := csv.NewWriter(&text)
		lines := [][]string{{"id", "name", "age", "email"}}
		for _, id := range slices.Sorted(maps.Keys(all)) {
			u := all[id]
			rows = append(rows, row{ID: &id, Name: u.Name, Age: u.Age, Email: u.Email})
			lines = append(lines, []string{strconv.Itoa(int(id)), u.Name, strconv.Itoa(int(u.Age)), u.Email})
		}
		array, err := json.Marshal(rows)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.WriteAll(lines); err != nil {
			t.Fatal(err)
		}
		for _, file := range [][]byte{array, text.Bytes()} {
			if again, err := readUsers(bytes.NewReader(file)); err != nil || !same(all, again) {
				t.Errorf("%q was written as %q and read as %v, %v", data, file, again, err)
			}
		}
	})
}
