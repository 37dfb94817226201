package main

import (
	"context"
	"sync"
)

type memoryStore struct {
	mu     sync.RWMutex
	posts  map[int64]Post
	lastID int64
}

func newMemoryStore() *memoryStore {
	return &memoryStore{posts: make(map[int64]Post)}
}

func (s *memoryStore) Create(_ context.Context, post Post) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastID++
	post.ID = s.lastID
	s.posts[post.ID] = post
	return post.ID, nil
}

func (s *memoryStore) Get(_ context.Context, id int64) (Post, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	post, ok := s.posts[id]
	if !ok {
		return Post{}, ErrNotFound
	}
	return post, nil
}

// List walks the ids downwards: they are consecutive, as nothing is ever removed.
func (s *memoryStore) List(_ context.Context, before int64, limit int) ([]Post, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	posts := make([]Post, 0, limit)
	for id := min(before-1, s.lastID); id > 0 && len(posts) < limit; id-- {
		posts = append(posts, s.posts[id])
	}
	return posts, nil
}

func (s *memoryStore) Close() error { return nil }
