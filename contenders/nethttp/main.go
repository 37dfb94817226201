// posts in Go with the standard library's net/http, the service every contender implements.
//
//	PORT   port on 127.0.0.1 (default 8080)
//	STORE  memory (the only one here)
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const shutdownTimeout = 5 * time.Second

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	if store := cmp.Or(os.Getenv("STORE"), "memory"); store != "memory" {
		return fmt.Errorf("STORE is %q; this service only has memory", store)
	}
	srv := &http.Server{
		Addr:              "127.0.0.1:" + cmp.Or(os.Getenv("PORT"), "8080"),
		Handler:           newHandler(newStore()),
		ReadHeaderTimeout: 10 * time.Second,
	}
	return serve(srv)
}

// serve runs until SIGINT or SIGTERM, then lets the requests under way finish.
func serve(srv *http.Server) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	failed := make(chan error, 1)
	go func() {
		if err := srv.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}()

	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	stop() // a second signal ends the process at once

	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	return srv.Shutdown(ctx)
}
