package main

import (
	"errors"
	"log"
	"math"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"
)

const (
	maxBody      = 1 << 20
	defaultLimit = 20
	maxLimit     = 100
)

type handlers struct{ store Store }

func newRouter(r *gin.Engine, store Store) *gin.Engine {
	nameFaultsByJSON()
	r.SetTrustedProxies(nil)
	r.HandleMethodNotAllowed = true
	r.Use(limitBody)

	h := handlers{store}
	r.POST("/posts", h.create)
	r.GET("/posts", h.list)
	r.GET("/posts/:id", h.get)
	r.GET("/livez", func(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "alive"}) })
	r.NoRoute(func(c *gin.Context) { abort(c, http.StatusNotFound, "nothing is served at this path") })
	r.NoMethod(func(c *gin.Context) { abort(c, http.StatusMethodNotAllowed, "this method is not served here") })
	return r
}

func limitBody(c *gin.Context) {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBody)
}

// create reads the body as JSON whatever Content-Type says.
func (h handlers) create(c *gin.Context) {
	var in NewPost
	if err := c.ShouldBindWith(&in, strictJSON{}); err != nil {
		abortBinding(c, err)
		return
	}
	at := now()
	post := Post{Title: in.Title, Body: *in.Body, Author: in.Author, CreatedAt: at, UpdatedAt: at}
	id, err := h.store.Create(c.Request.Context(), post)
	if err != nil {
		abortStore(c, err)
		return
	}
	post.ID = id
	c.Header("Location", "/posts/"+strconv.FormatInt(id, 10))
	c.JSON(http.StatusCreated, post)
}

func (h handlers) get(c *gin.Context) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		abortStore(c, ErrNotFound)
		return
	}
	post, err := h.store.Get(c.Request.Context(), id)
	if err != nil {
		abortStore(c, err)
		return
	}
	c.JSON(http.StatusOK, post)
}

// list answers with the newest first. A cursor is the id of the last post of the part before.
func (h handlers) list(c *gin.Context) {
	limit, err := strconv.Atoi(c.DefaultQuery("limit", strconv.Itoa(defaultLimit)))
	if err != nil {
		abort(c, http.StatusUnprocessableEntity, "limit must be an integer")
		return
	}
	limit = min(max(limit, 1), maxLimit)

	before := int64(math.MaxInt64)
	if cursor, ok := c.GetQuery("cursor"); ok {
		if before, err = strconv.ParseInt(cursor, 10, 64); err != nil || before < 1 {
			abort(c, http.StatusBadRequest, "the cursor is not one of ours")
			return
		}
	}

	// One more than asked for tells whether there is a next part.
	posts, err := h.store.List(c.Request.Context(), before, limit+1)
	if err != nil {
		abortStore(c, err)
		return
	}
	page := Page{Items: posts}
	if len(posts) > limit {
		page.Items = posts[:limit]
		next := strconv.FormatInt(posts[limit-1].ID, 10)
		page.Next = &next
	}
	c.JSON(http.StatusOK, page)
}

func abortStore(c *gin.Context, err error) {
	if errors.Is(err, ErrNotFound) {
		abort(c, http.StatusNotFound, err.Error())
		return
	}
	log.Printf("store: %v", err)
	abort(c, http.StatusInternalServerError, "the store failed")
}
