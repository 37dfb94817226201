package main

import (
	"context"
	"errors"
	"time"
)

// Post is what the service keeps and answers with.
type Post struct {
	ID        int64     `json:"id,string"`
	Title     string    `json:"title"`
	Body      string    `json:"body"`
	Author    string    `json:"author,omitempty"`
	CreatedAt Timestamp `json:"created_at"`
	UpdatedAt Timestamp `json:"updated_at"`
}

// NewPost is what a client sends. Body is a pointer, so that "" counts as given.
type NewPost struct {
	Title  string  `json:"title" binding:"required,max=200"`
	Body   *string `json:"body" binding:"required,max=65536"`
	Author string  `json:"author" binding:"max=100"`
}

// Page is a part of the list, newest first. Next is the cursor of the next part, or nil.
type Page struct {
	Items []Post  `json:"items"`
	Next  *string `json:"next"`
}

// ErrNotFound says that no post has the id asked for.
var ErrNotFound = errors.New("there is no post with this id")

// Store keeps posts. Ids rise with each Create.
type Store interface {
	// Create keeps the post and returns its id, once the post is as safe as the store makes it.
	Create(ctx context.Context, post Post) (int64, error)
	Get(ctx context.Context, id int64) (Post, error)
	// List returns at most limit posts with ids below before, newest first.
	List(ctx context.Context, before int64, limit int) ([]Post, error)
	Close() error
}

// Timestamp is a time in UTC with microseconds, all six digits written.
type Timestamp struct{ time.Time }

const timestampLayout = "2006-01-02T15:04:05.000000Z07:00"

func now() Timestamp {
	return Timestamp{time.Now().UTC().Truncate(time.Microsecond)}
}

func (t Timestamp) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, len(timestampLayout)+2)
	b = append(b, '"')
	b = t.AppendFormat(b, timestampLayout)
	return append(b, '"'), nil
}
