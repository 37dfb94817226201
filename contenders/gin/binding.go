package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/gin-gonic/gin/binding"
	"github.com/go-playground/validator/v10"
)

// strictJSON binds like gin's own JSON binding, except that the body must be one JSON value and
// nothing more: gin's decoder stops after the first value and takes `{"title":"a"} rubbish`.
type strictJSON struct{}

func (strictJSON) Name() string { return "strict-json" }

func (strictJSON) Bind(req *http.Request, obj any) error {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, obj); err != nil {
		return err
	}
	return binding.Validator.ValidateStruct(obj)
}

// Fault is one broken rule of a request.
type Fault struct {
	Field  string `json:"field"`
	Rule   string `json:"rule"`
	Detail string `json:"detail"`
}

// abortBinding answers a failed binding: 413 too large, 400 not JSON, 422 JSON against the rules.
func abortBinding(c *gin.Context, err error) {
	var (
		tooLarge  *http.MaxBytesError
		wrongType *json.UnmarshalTypeError
		broken    validator.ValidationErrors
	)
	switch {
	case errors.As(err, &tooLarge):
		abort(c, http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is above %d bytes", tooLarge.Limit))
	case errors.As(err, &wrongType):
		abort(c, http.StatusUnprocessableEntity, "the request breaks the rules", Fault{
			Field:  wrongType.Field,
			Rule:   "type",
			Detail: "expected " + jsonName(wrongType.Type) + ", got " + wrongType.Value,
		})
	case errors.As(err, &broken):
		abort(c, http.StatusUnprocessableEntity, "the request breaks the rules", faultsOf(broken)...)
	default:
		abort(c, http.StatusBadRequest, err.Error())
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

func abort(c *gin.Context, status int, message string, faults ...Fault) {
	answer := gin.H{"error": message}
	if len(faults) > 0 {
		answer["faults"] = faults
	}
	c.AbortWithStatusJSON(status, answer)
}

// nameFaultsByJSON makes the validator name fields as the client knows them.
func nameFaultsByJSON() {
	if v, ok := binding.Validator.Engine().(*validator.Validate); ok {
		v.RegisterTagNameFunc(func(field reflect.StructField) string {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			return name
		})
	}
}
