package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"reflect"
	"strings"

	"github.com/bytedance/sonic"
	"github.com/go-playground/validator/v10"
	"github.com/valyala/fasthttp"
)

// fast is sonic, strict about strings as RFC 8259 is. Strings are copied, as posts outlive the
// body that they came in.
var fast = sonic.Config{CopyString: true, ValidateString: true}.Froze()

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

var errTooLarge = fmt.Errorf("the body is above %d bytes", maxBody)

// readJSON binds the body, whatever Content-Type says, and checks the rules. What sonic refuses is
// read again by encoding/json, which tells broken JSON from a wrong type and names the field.
func readJSON(ctx *fasthttp.RequestCtx, into any) error {
	body := ctx.PostBody()
	if len(body) > maxBody {
		return errTooLarge
	}
	if fast.Unmarshal(body, into) != nil {
		if err := json.Unmarshal(body, into); err != nil {
			return err
		}
	}
	return validate.Struct(into)
}

func writeJSON(ctx *fasthttp.RequestCtx, status int, answer any) {
	ctx.SetStatusCode(status)
	ctx.SetContentType("application/json")
	if err := fast.NewEncoder(ctx).Encode(answer); err != nil {
		log.Printf("answer: %v", err)
	}
}

func writeProblem(ctx *fasthttp.RequestCtx, status int, message string, faults ...Fault) {
	writeJSON(ctx, status, Problem{message, faults})
}

// writeReadProblem answers a failed readJSON: 413 too large, 400 not JSON, 422 JSON against the rules.
func writeReadProblem(ctx *fasthttp.RequestCtx, err error) {
	var (
		wrongType *json.UnmarshalTypeError
		broken    validator.ValidationErrors
	)
	switch {
	case errors.Is(err, errTooLarge):
		writeProblem(ctx, fasthttp.StatusRequestEntityTooLarge, err.Error())
	case errors.As(err, &wrongType):
		writeProblem(ctx, fasthttp.StatusUnprocessableEntity, "the request breaks the rules", Fault{
			Field:  wrongType.Field,
			Rule:   "type",
			Detail: "expected " + jsonName(wrongType.Type) + ", got " + wrongType.Value,
		})
	case errors.As(err, &broken):
		writeProblem(ctx, fasthttp.StatusUnprocessableEntity, "the request breaks the rules", faultsOf(broken)...)
	default:
		writeProblem(ctx, fasthttp.StatusBadRequest, err.Error())
	}
}

// unreadable answers what fasthttp could not read as a request.
func unreadable(ctx *fasthttp.RequestCtx, err error) {
	var (
		bigHead *fasthttp.ErrSmallBuffer
		network net.Error
	)
	switch {
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		writeProblem(ctx, fasthttp.StatusRequestEntityTooLarge, errTooLarge.Error())
	case errors.As(err, &bigHead):
		writeProblem(ctx, fasthttp.StatusRequestHeaderFieldsTooLarge, "the head is too large")
	case errors.As(err, &network) && network.Timeout():
		writeProblem(ctx, fasthttp.StatusRequestTimeout, "the request came too slowly")
	default:
		writeProblem(ctx, fasthttp.StatusBadRequest, "this is no HTTP request")
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
