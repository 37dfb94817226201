// posts in Go with fasthttp and its router, the service every contender implements.
//
//	PORT   port on 127.0.0.1 (default 8080)
//	STORE  memory (the only one here)
package main

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/valyala/fasthttp"
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
	srv := &fasthttp.Server{
		Handler:                      newHandler(newStore()),
		ErrorHandler:                 unreadable,
		MaxRequestBodySize:           hardMaxBody,
		ReadTimeout:                  10 * time.Second,
		IdleTimeout:                  60 * time.Second,
		CloseOnShutdown:              true,
		NoDefaultServerHeader:        true,
		DisablePreParseMultipartForm: true, // every body is JSON, whatever Content-Type says
	}
	return serve(srv, "127.0.0.1:"+cmp.Or(os.Getenv("PORT"), "8080"))
}

// serve runs until SIGINT or SIGTERM, then lets the requests under way finish.
func serve(srv *fasthttp.Server, addr string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	failed := make(chan error, 1)
	go func() {
		if err := srv.ListenAndServe(addr); err != nil {
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
	return srv.ShutdownWithContext(ctx)
}
