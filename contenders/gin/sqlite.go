package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"time"

	_ "github.com/mattn/go-sqlite3"
)

const schema = `CREATE TABLE IF NOT EXISTS posts (
	id         INTEGER PRIMARY KEY,
	title      TEXT    NOT NULL,
	body       TEXT    NOT NULL,
	author     TEXT    NOT NULL,
	created_at INTEGER NOT NULL, -- microseconds since 1970
	updated_at INTEGER NOT NULL
)`

const columns = `id, title, body, author, created_at, updated_at`

// sqliteStore has a pool of one connection for writing, as SQLite has one writer at a time and
// waiting in Go is cheaper than SQLITE_BUSY, and a pool for reading.
type sqliteStore struct {
	writer, reader    *sql.DB
	insert, get, list *sql.Stmt
}

func openSQLite(file string) (*sqliteStore, error) {
	s := &sqliteStore{}
	if err := s.open(file); err != nil {
		s.Close()
		return nil, fmt.Errorf("store %s: %w", file, err)
	}
	return s, nil
}

func (s *sqliteStore) open(file string) (err error) {
	dsn := "file:" + file + "?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000"
	if s.writer, err = openPool(dsn, 1); err != nil {
		return err
	}
	if _, err = s.writer.Exec(schema); err != nil {
		return err
	}
	if s.reader, err = openPool(dsn+"&_query_only=true", max(4, runtime.NumCPU())); err != nil {
		return err
	}
	if s.insert, err = s.writer.Prepare(`INSERT INTO posts (title, body, author, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?)`); err != nil {
		return err
	}
	if s.get, err = s.reader.Prepare(`SELECT ` + columns + ` FROM posts WHERE id = ?`); err != nil {
		return err
	}
	s.list, err = s.reader.Prepare(`SELECT ` + columns + ` FROM posts
		WHERE id < ? ORDER BY id DESC LIMIT ?`)
	return err
}

// openPool keeps its connections open: opening one anew costs far more than holding it.
func openPool(dsn string, size int) (*sql.DB, error) {
	db, err := sql.Open("sqlite3", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db, nil
}

// Create returns after COMMIT: the single INSERT is its own transaction.
func (s *sqliteStore) Create(ctx context.Context, p Post) (int64, error) {
	res, err := s.insert.ExecContext(ctx, p.Title, p.Body, p.Author,
		p.CreatedAt.UnixMicro(), p.UpdatedAt.UnixMicro())
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

func (s *sqliteStore) Get(ctx context.Context, id int64) (Post, error) {
	post, err := scanPost(s.get.QueryRowContext(ctx, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Post{}, ErrNotFound
	}
	return post, err
}

func (s *sqliteStore) List(ctx context.Context, before int64, limit int) ([]Post, error) {
	rows, err := s.list.QueryContext(ctx, before, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	posts := make([]Post, 0, limit)
	for rows.Next() {
		post, err := scanPost(rows)
		if err != nil {
			return nil, err
		}
		posts = append(posts, post)
	}
	return posts, rows.Err()
}

func scanPost(row interface{ Scan(...any) error }) (p Post, err error) {
	var created, updated int64
	err = row.Scan(&p.ID, &p.Title, &p.Body, &p.Author, &created, &updated)
	p.CreatedAt = Timestamp{time.UnixMicro(created).UTC()}
	p.UpdatedAt = Timestamp{time.UnixMicro(updated).UTC()}
	return p, err
}

func (s *sqliteStore) Close() error {
	var errs []error
	for _, db := range []*sql.DB{s.reader, s.writer} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}
