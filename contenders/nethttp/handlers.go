package main

import (
	"cmp"
	"math"
	"net/http"
	"strconv"
)

const (
	maxBody      = 1 << 20
	defaultLimit = "20"
	maxLimit     = 100
)

type handlers struct{ store *Store }

func newHandler(store *Store) http.Handler {
	h := handlers{store}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /posts", h.create)
	mux.HandleFunc("GET /posts", h.list)
	mux.HandleFunc("GET /posts/{id}", h.get)
	mux.HandleFunc("GET /livez", livez)
	mux.HandleFunc("/", notFound)
	return mux
}

func livez(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "alive"})
}

func notFound(w http.ResponseWriter, _ *http.Request) {
	writeProblem(w, http.StatusNotFound, "nothing is served at this path")
}

func (h handlers) create(w http.ResponseWriter, r *http.Request) {
	var in NewPost
	if err := readJSON(w, r, &in); err != nil {
		writeReadProblem(w, err)
		return
	}
	at := now()
	post := Post{Title: in.Title, Body: *in.Body, Author: in.Author, CreatedAt: at, UpdatedAt: at}
	post.ID = h.store.Create(post)
	w.Header().Set("Location", "/posts/"+strconv.FormatInt(post.ID, 10))
	writeJSON(w, http.StatusCreated, post)
}

func (h handlers) get(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err == nil {
		if post, ok := h.store.Get(id); ok {
			writeJSON(w, http.StatusOK, post)
			return
		}
	}
	writeProblem(w, http.StatusNotFound, "there is no post with this id")
}

// list answers with the newest first. A cursor is the id of the last post of the part before.
func (h handlers) list(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	limit, err := strconv.Atoi(cmp.Or(query.Get("limit"), defaultLimit))
	if err != nil {
		writeProblem(w, http.StatusUnprocessableEntity, "limit must be an integer")
		return
	}
	limit = min(max(limit, 1), maxLimit)

	before := int64(math.MaxInt64)
	if query.Has("cursor") {
		if before, err = strconv.ParseInt(query.Get("cursor"), 10, 64); err != nil || before < 1 {
			writeProblem(w, http.StatusBadRequest, "the cursor is not one of ours")
			return
		}
	}

	// One more than asked for tells whether there is a next part.
	posts := h.store.List(before, limit+1)
	page := Page{Items: posts}
	if len(posts) > limit {
		page.Items = posts[:limit]
		next := strconv.FormatInt(posts[limit-1].ID, 10)
		page.Next = &next
	}
	writeJSON(w, http.StatusOK, page)
}
