package main

import "sync"

// Store keeps posts in memory, under ids that rise from 1.
type Store struct {
	mu     sync.RWMutex
	posts  map[int64]Post
	lastID int64
}

func newStore() *Store {
	return &Store{posts: make(map[int64]Post)}
}

// Create keeps the post and returns its id.
func (s *Store) Create(post Post) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastID++
	post.ID = s.lastID
	s.posts[post.ID] = post
	return post.ID
}

func (s *Store) Get(id int64) (Post, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	post, ok := s.posts[id]
	return post, ok
}

// List returns at most limit posts with ids below before, newest first. It walks the ids
// downwards: they are consecutive, as nothing is ever removed.
func (s *Store) List(before int64, limit int) []Post {
	s.mu.RLock()
	defer s.mu.RUnlock()
	posts := make([]Post, 0, limit)
	for id := min(before-1, s.lastID); id > 0 && len(posts) < limit; id-- {
		posts = append(posts, s.posts[id])
	}
	return posts
}
