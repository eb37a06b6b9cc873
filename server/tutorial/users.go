package tutorial

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"routeguide/proto/tutorial/myservice"
)

const maxUserText = 256 // bytes of a name or an email

// users are those that MyService knows, by id. They are never changed: replies share them.
type users map[int32]*myservicepb.User

// builtIn are people to whom computing owes much, with the ages they reached; nobody reads mail at example.org.
var builtIn = users{
	1: {Name: "Ada Lovelace", Age: 36, Email: "ada@example.org"},
	2: {Name: "Alan Turing", Age: 41, Email: "alan@example.org"},
	3: {Name: "Grace Hopper", Age: 85, Email: "grace@example.org"},
	4: {Name: "Katherine Johnson", Age: 101, Email: "katherine@example.org"},
	5: {Name: "Edsger Dijkstra", Age: 72, Email: "edsger@example.org"},
}

// openUsers reads the users of a file, JSON or CSV by its content.
//
// JSON is an array of {"id": 1, "name": "Ada", "age": 36, "email": "ada@example.org"}. CSV has a first line that names the
// columns id, name, age and email, in any order. A unique id and a name are required; other keys and columns are ignored.
func openUsers(path string) (users, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	defer f.Close()
	all, err := readUsers(f)
	if err != nil {
		return nil, fmt.Errorf("read users: %s: %w", path, err)
	}
	return all, nil
}

// readUsers reads users as a stream; its errors name line and field.
func readUsers(r io.Reader) (users, error) {
	in := bufio.NewReader(r)
	if mark, _ := in.Peek(3); string(mark) == "\ufeff" {
		if _, err := in.Discard(len(mark)); err != nil {
			return nil, err
		}
	}
	read := readCSV
	if startsArray(in) {
		read = readJSON
	}
	all := make(users)
	if err := read(in, all); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errors.New("there are no users in it")
	}
	return all, nil
}

// startsArray tells whether the first character that is not white space opens a JSON array.
func startsArray(in *bufio.Reader) bool {
	for n := 1; ; n++ {
		b, err := in.Peek(n)
		if err != nil {
			return false
		}
		if c := b[n-1]; !strings.ContainsRune(" \t\r\n", rune(c)) {
			return c == '['
		}
	}
}

// A row is one user of a file; its ID is nil where the file has none.
type row struct {
	ID    *int32 `json:"id"`
	Name  string `json:"name"`
	Age   int32  `json:"age"`
	Email string `json:"email"`
}

// add checks a row and adds its user.
func (all users) add(u row) error {
	switch {
	case u.ID == nil:
		return errors.New("id: is required")
	case all[*u.ID] != nil:
		return fmt.Errorf("id: %d is already the id of another user", *u.ID)
	case u.Name == "":
		return errors.New("name: is required")
	case !oneLine(u.Name):
		return fmt.Errorf("name: is not one line of at most %d bytes of UTF-8", maxUserText)
	case u.Age < 0:
		return fmt.Errorf("age: %d is negative", u.Age)
	case !oneLine(u.Email):
		return fmt.Errorf("email: is not one line of at most %d bytes of UTF-8", maxUserText)
	}
	all[*u.ID] = &myservicepb.User{Name: u.Name, Age: u.Age, Email: u.Email}
	return nil
}

func oneLine(s string) bool {
	return len(s) <= maxUserText && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
