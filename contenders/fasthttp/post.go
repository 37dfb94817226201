package main

import "time"

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
	Title  string  `json:"title" validate:"required,max=200"`
	Body   *string `json:"body" validate:"required,max=65536"`
	Author string  `json:"author" validate:"max=100"`
}

// Page is a part of the list, newest first. Next is the cursor of the next part, or nil.
type Page struct {
	Items []Post  `json:"items"`
	Next  *string `json:"next"`
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
