package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/ncruces/go-sqlite3"
)

// same returns when the tables of all programs have the same rows, while nobody writes.
func (c *cluster) same(ctx context.Context, bin string) error {
	return c.await(ctx, func(jetstream.JetStream) error {
		first := ""
		for n, data := range c.data {
			rows, err := rowsOf(ctx, bin, data)
			if err != nil {
				return err
			}
			if n > 0 && rows != first {
				return fmt.Errorf("%s has other rows than %s", data, c.data[0])
			}
			first = rows
		}
		return nil
	})
}

// rowsOf returns a hash of all rows of the store that a program has open.
func rowsOf(ctx context.Context, bin, data string) (sum string, err error) {
	file := filepath.Join(filepath.Dir(data), "copy.db")
	if out, err := exec.CommandContext(ctx, bin, "backup", "-data="+data, file).CombinedOutput(); err != nil {
		return "", fmt.Errorf("copy %s: %w: %s", data, err, out)
	}
	defer os.Remove(file)
	db, err := sqlite3.OpenFlags("file:"+file+"?immutable=1", sqlite3.OPEN_READONLY|sqlite3.OPEN_URI)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var tables []string
	err = query(db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY name", func(row *sqlite3.Stmt) {
		tables = append(tables, row.ColumnText(0))
	})
	hash := sha256.New()
	for _, table := range tables {
		fmt.Fprintln(hash, table)
		err = errors.Join(err, query(db, `SELECT * FROM "`+strings.ReplaceAll(table, `"`, `""`)+`"`, func(row *sqlite3.Stmt) {
			for column := range row.ColumnCount() {
				fmt.Fprintf(hash, "%d %q ", row.ColumnType(column), row.ColumnBlob(column, nil))
			}
		}))
	}
	return string(hash.Sum(nil)), err
}

func query(db *sqlite3.Conn, sql string, each func(*sqlite3.Stmt)) (err error) {
	stmt, _, err := db.Prepare(sql)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stmt.Close()) }()
	for stmt.Step() {
		each(stmt)
	}
	return stmt.Err()
}
