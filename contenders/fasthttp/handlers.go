package main

import (
	"math"
	"strconv"

	"github.com/fasthttp/router"
	"github.com/valyala/fasthttp"
)

// A body above maxBody is read and gets its 413. One above hardMaxBody is not read: fasthttp
// answers and closes, and the reset may reach a client that still sends before the 413 does.
const (
	maxBody      = 1 << 20
	hardMaxBody  = fasthttp.DefaultMaxRequestBodySize
	defaultLimit = 20
	maxLimit     = 100
)

type handlers struct{ store *Store }

func newHandler(store *Store) fasthttp.RequestHandler {
	h := handlers{store}
	r := router.New()
	r.POST("/posts", h.create)
	r.GET("/posts", h.list)
	r.GET("/posts/{id}", h.get)
	r.GET("/livez", livez)
	r.NotFound = notFound
	r.MethodNotAllowed = methodNotAllowed
	return r.Handler
}

func livez(ctx *fasthttp.RequestCtx) {
	writeJSON(ctx, fasthttp.StatusOK, map[string]string{"status": "alive"})
}

func notFound(ctx *fasthttp.RequestCtx) {
	writeProblem(ctx, fasthttp.StatusNotFound, "nothing is served at this path")
}

func methodNotAllowed(ctx *fasthttp.RequestCtx) {
	writeProblem(ctx, fasthttp.StatusMethodNotAllowed, "this method is not served here")
}

func (h handlers) create(ctx *fasthttp.RequestCtx) {
	var in NewPost
	if err := readJSON(ctx, &in); err != nil {
		writeReadProblem(ctx, err)
		return
	}
	at := now()
	post := Post{Title: in.Title, Body: *in.Body, Author: in.Author, CreatedAt: at, UpdatedAt: at}
	post.ID = h.store.Create(post)
	ctx.Response.Header.Set(fasthttp.HeaderLocation, "/posts/"+strconv.FormatInt(post.ID, 10))
	writeJSON(ctx, fasthttp.StatusCreated, post)
}

func (h handlers) get(ctx *fasthttp.RequestCtx) {
	name, _ := ctx.UserValue("id").(string)
	id, err := strconv.ParseInt(name, 10, 64)
	if err == nil {
		if post, ok := h.store.Get(id); ok {
			writeJSON(ctx, fasthttp.StatusOK, post)
			return
		}
	}
	writeProblem(ctx, fasthttp.StatusNotFound, "there is no post with this id")
}

// list answers with the newest first. A cursor is the id of the last post of the part before.
func (h handlers) list(ctx *fasthttp.RequestCtx) {
	query := ctx.QueryArgs()
	limit, err := defaultLimit, error(nil)
	if query.Has("limit") {
		if limit, err = strconv.Atoi(string(query.Peek("limit"))); err != nil {
			writeProblem(ctx, fasthttp.StatusUnprocessableEntity, "limit must be an integer")
			return
		}
	}
	limit = min(max(limit, 1), maxLimit)

	before := int64(math.MaxInt64)
	if query.Has("cursor") {
		if before, err = strconv.ParseInt(string(query.Peek("cursor")), 10, 64); err != nil || before < 1 {
			writeProblem(ctx, fasthttp.StatusBadRequest, "the cursor is not one of ours")
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
	writeJSON(ctx, fasthttp.StatusOK, page)
}
