// posts in Go with gin: the service every contender implements, as a gin user would write it.
//
//	PORT         port on 127.0.0.1 (default 8080)
//	STORE        memory (default) or sqlite:FILE
//	GIN_MODE     gin's own switch: debug (default) or release
//	REQUEST_LOG  off leaves out gin's line per request
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
	"strings"
	"syscall"
	"time"

	"github.com/gin-gonic/gin"
)

const shutdownTimeout = 5 * time.Second

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	store, err := openStore(cmp.Or(os.Getenv("STORE"), "memory"))
	if err != nil {
		return err
	}
	defer store.Close()

	srv := &http.Server{
		Addr:              "127.0.0.1:" + cmp.Or(os.Getenv("PORT"), "8080"),
		Handler:           newRouter(newEngine(), store),
		ReadHeaderTimeout: 10 * time.Second,
	}
	return serve(srv)
}

func openStore(name string) (Store, error) {
	if name == "memory" {
		return newMemoryStore(), nil
	}
	if file, ok := strings.CutPrefix(name, "sqlite:"); ok && file != "" {
		return openSQLite(file)
	}
	return nil, fmt.Errorf("STORE is %q; say memory or sqlite:FILE", name)
}

// newEngine is gin.Default(), which logs each request, unless the log is switched off.
func newEngine() *gin.Engine {
	if os.Getenv("REQUEST_LOG") == "off" {
		engine := gin.New()
		engine.Use(gin.Recovery())
		return engine
	}
	return gin.Default()
}

// serve runs until SIGINT or SIGTERM, then lets the requests under way finish, as gin's
// documentation shows it.
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
