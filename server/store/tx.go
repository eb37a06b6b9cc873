package store

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/ext/rtree"
)

// A Tx reads the tables, and writes them while a change is applied. Only the function that it was given to uses it.
type Tx struct {
	conn     *sqlite3.Conn
	prepared map[string]*sqlite3.Stmt // those that are not in use
	position uint64
	message  uint64 // of the cluster's stream; see apply
	err      error  // the first of SQLite; the transaction is lost then
}

// A Row is one row of a query, until the next one is asked for. Columns are counted from 0.
type Row struct{ stmt *sqlite3.Stmt }

// Int returns a column that is a whole number.
func (r Row) Int(column int) int64 { return r.stmt.ColumnInt64(column) }

// Float returns a column that is a number.
func (r Row) Float(column int) float64 { return r.stmt.ColumnFloat(column) }

// Text returns a column that is text.
func (r Row) Text(column int) string { return r.stmt.ColumnText(column) }

// Blob returns a copy of a column that is bytes.
func (r Row) Blob(column int) []byte { return r.stmt.ColumnBlob(column, nil) }

// Null returns whether a column has no value.
func (r Row) Null(column int) bool { return r.stmt.ColumnType(column) == sqlite3.NULL }

// openTx opens a database, with OPEN_READONLY one that nobody changes meanwhile and that has no log.
func openTx(path string, flags sqlite3.OpenFlag, pragmas string) (*Tx, error) {
	name := uri(path)
	if flags == sqlite3.OPEN_READONLY {
		name += "&immutable=1"
	}
	conn, err := sqlite3.OpenFlags(name, flags|sqlite3.OPEN_URI)
	if err != nil {
		return nil, failed(context.Background(), err)
	}
	tx := &Tx{conn: conn, prepared: make(map[string]*sqlite3.Stmt)}
	err = rtree.Register(conn)
	if err == nil {
		err = conn.Exec("PRAGMA busy_timeout = 10000; PRAGMA temp_store = memory; PRAGMA foreign_keys = off;" + pragmas)
	}
	if err != nil {
		_ = conn.Close()
		return nil, failed(context.Background(), err)
	}
	return tx, nil
}

// uri is how SQLite is told to open a file by way of disk.
func uri(path string) string {
	return "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path) + "?vfs=" + vfsName
}

func (tx *Tx) close() error {
	for _, stmt := range tx.prepared {
		_ = stmt.Close()
	}
	return tx.conn.Close()
}

// Position is that of the change being applied or, in a View, of the newest change that it sees.
func (tx *Tx) Position() uint64 { return tx.position }

// Exec runs one statement. Arguments are integers, float64, string, []byte or nil.
func (tx *Tx) Exec(sql string, args ...any) error {
	for _, err := range tx.Query(sql, args...) {
		if err != nil {
			return err
		}
	}
	return nil
}

// First returns whether a query has a row, after look has read the first.
func (tx *Tx) First(look func(Row), sql string, args ...any) (bool, error) {
	for row, err := range tx.Query(sql, args...) {
		if err != nil {
			return false, err
		}
		look(row)
		return true, nil
	}
	return false, nil
}

// Query yields the rows of one statement, or an error and no more.
func (tx *Tx) Query(sql string, args ...any) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		stmt, err := tx.prepare(sql, args)
		if err != nil {
			yield(Row{}, tx.fail(err))
			return
		}
		more := true
		for more && stmt.Step() {
			more = yield(Row{stmt}, nil)
		}
		err = stmt.Err()
		if reset := stmt.Reset(); err == nil {
			err = reset
		}
		tx.give(sql, stmt)
		if err != nil && more {
			yield(Row{}, tx.fail(err))
		}
	}
}

// prepare returns the statement with its arguments, prepared by an earlier call where it is not in use.
func (tx *Tx) prepare(sql string, args []any) (*sqlite3.Stmt, error) {
	if tx.err != nil {
		return nil, tx.err
	}
	stmt := tx.prepared[sql]
	delete(tx.prepared, sql)
	if stmt == nil {
		var err error
		if stmt, _, err = tx.conn.PrepareFlags(sql, sqlite3.PREPARE_PERSISTENT); err != nil {
			return nil, err
		}
	}
	for i, arg := range args {
		if err := bind(stmt, i+1, arg); err != nil {
			_ = stmt.Close()
			return nil, err
		}
	}
	return stmt, nil
}

// give keeps a statement for the next one who asks for it, unless that one used it meanwhile and has given back another.
func (tx *Tx) give(sql string, stmt *sqlite3.Stmt) {
	if tx.prepared[sql] != nil {
		_ = stmt.Close()
		return
	}
	tx.prepared[sql] = stmt
}

func (tx *Tx) fail(err error) error {
	if tx.err == nil {
		tx.err = failed(tx.conn.GetInterrupt(), err)
	}
	return tx.err
}

func bind(stmt *sqlite3.Stmt, at int, arg any) error {
	switch v := arg.(type) {
	case int:
		return stmt.BindInt64(at, int64(v))
	case int32:
		return stmt.BindInt64(at, int64(v))
	case int64:
		return stmt.BindInt64(at, v)
	case uint32:
		return stmt.BindInt64(at, int64(v))
	case uint64:
		return stmt.BindInt64(at, int64(v))
	case float64:
		return stmt.BindFloat(at, v)
	case string:
		return stmt.BindText(at, v)
	case []byte:
		return stmt.BindBlob(at, v)
	case nil:
		return stmt.BindNull(at)
	}
	return fmt.Errorf("store: a %T is no argument of a statement", arg)
}

// view has f read the tables as they are now.
func (tx *Tx) view(ctx context.Context, f func(*Tx) error) (err error) {
	tx.err = nil
	tx.conn.SetInterrupt(ctx)
	defer tx.conn.SetInterrupt(context.Background())
	if err := tx.Exec("BEGIN"); err != nil {
		return err
	}
	defer func() {
		if end := tx.rollback(); err == nil {
			err = end
		}
	}()
	if err := tx.readPosition(); err != nil {
		return err
	}
	return f(tx)
}

func (tx *Tx) readPosition() error {
	_, err := tx.First(func(r Row) { tx.position, tx.message = uint64(r.Int(0)), uint64(r.Int(1)) }, "SELECT position, message FROM store")
	return err
}

// rollback ends a transaction whatever has become of it.
func (tx *Tx) rollback() error {
	tx.err = nil
	if tx.conn.GetAutocommit() { // an error has ended it
		return nil
	}
	tx.conn.SetInterrupt(context.Background())
	return tx.Exec("ROLLBACK")
}
