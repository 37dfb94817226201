package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"reflect"
	"strings"

	"github.com/go-playground/validator/v10"
)

// Problem is the answer to a request that fails.
type Problem struct {
	Error  string  `json:"error"`
	Faults []Fault `json:"faults,omitempty"`
}

// Fault is one broken rule of a request.
type Fault struct {
	Field  string `json:"field"`
	Rule   string `json:"rule"`
	Detail string `json:"detail"`
}

var validate = newValidator()

// newValidator names fields as the client knows them.
func newValidator() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(field reflect.StructField) string {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		return name
	})
	return v
}

// readJSON binds the body, whatever Content-Type says, and checks the rules. Unmarshal looks at
// the syntax of the whole body first, so that broken JSON never passes for a wrong type.
func readJSON(w http.ResponseWriter, r *http.Request, into any) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return err
	}
	return validate.Struct(into)
}

func writeJSON(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		log.Printf("answer: %v", err)
	}
}

func writeProblem(w http.ResponseWriter, status int, message string, faults ...Fault) {
	writeJSON(w, status, Problem{message, faults})
}

// writeReadProblem answers a failed readJSON: 413 too large, 400 not JSON, 422 JSON against the rules.
func writeReadProblem(w http.ResponseWriter, err error) {
	var (
		tooLarge  *http.MaxBytesError
		wrongType *json.UnmarshalTypeError
		broken    validator.ValidationErrors
	)
	switch {
	case errors.As(err, &tooLarge):
		writeProblem(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is above %d bytes", tooLarge.Limit))
	case errors.As(err, &wrongType):
		writeProblem(w, http.StatusUnprocessableEntity, "the request breaks the rules", Fault{
			Field:  wrongType.Field,
			Rule:   "type",
			Detail: "expected " + jsonName(wrongType.Type) + ", got " + wrongType.Value,
		})
	case errors.As(err, &broken):
		writeProblem(w, http.StatusUnprocessableEntity, "the request breaks the rules", faultsOf(broken)...)
	default:
		writeProblem(w, http.StatusBadRequest, err.Error())
	}
}

func jsonName(t reflect.Type) string {
	if t.Kind() == reflect.Struct {
		return "object"
	}
	return t.String()
}

func faultsOf(broken validator.ValidationErrors) []Fault {
	faults := make([]Fault, len(broken))
	for i, e := range broken {
		faults[i] = Fault{Field: e.Field(), Rule: e.Tag(), Detail: e.Tag()}
		if e.Tag() == "max" {
			faults[i].Detail = "at most " + e.Param() + " characters"
		}
	}
	return faults
}
