package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"navette/node/api"
)

// A failure is what went wrong, by the key of its text, and the exit code that
// goes with it.
type failure struct {
	code  int
	key   string
	args  []any
	cause error
}

// Error implements error, in English.
func (f *failure) Error() string { return phrasesIn("en").text(f.key, f.args...) }

// Unwrap returns what caused the failure.
func (f *failure) Unwrap() error { return f.cause }

// usage is a command line that can't be understood.
func usage(key string, args ...any) error { return &failure{code: exitUsage, key: key, args: args} }

// outcome is not an error: the command did its work, and the exit code says
// something about it. Its text was printed already.
type outcome int

// Error implements error.
func (o outcome) Error() string { return fmt.Sprintf("exit code %d", int(o)) }

// exitOf is the exit code for each refusal of the node; the others fail.
var exitOf = map[string]int{
	api.CodeAssign:     exitUsage,
	api.CodeBadRequest: exitUsage,
	api.CodeNoCommons:  exitNoCommons,
}

// report tells the person what went wrong and what to do, and returns the exit
// code.
func (e *env) report(err error) int {
	if err == nil {
		return exitDone
	}
	var o outcome
	if errors.As(err, &o) {
		return int(o)
	}
	code, name, text, hint := e.explain(err)
	if e.json {
		b, err := json.Marshal(map[string]any{"error": map[string]string{"code": name, "text": text, "hint": hint}})
		if err != nil {
			b = []byte(`{"error":{"code":"internal"}}`)
		}
		fmt.Fprintf(e.stderr, "%s\n", b)
		return code
	}
	fmt.Fprintf(e.stderr, "navette: %s\n", text)
	if hint != "" {
		fmt.Fprintf(e.stderr, "  → %s\n", hint)
	}
	return code
}

// explain puts an error into words.
func (e *env) explain(err error) (code int, name, text, hint string) {
	var f *failure
	if errors.As(err, &f) {
		return f.code, f.key, e.say.text(f.key, f.args...), e.say.hint(f.key, f.args...)
	}
	var refusal *api.Error
	if errors.As(err, &refusal) {
		key := "error." + refusal.Code
		if len(refusal.Args) > 0 && e.say.has(key+"."+refusal.Args[0]) {
			key += "." + refusal.Args[0]
		}
		args := e.args(refusal.Args)
		if refusal.Code == api.CodeInternal {
			args = []any{refusal.Detail}
		}
		code, known := exitOf[refusal.Code]
		if !known {
			code = exitFailed
		}
		return code, refusal.Code, e.say.text(key, args...), e.say.hint(key, args...)
	}
	return exitFailed, "failed", e.say.text("error.internal", err.Error()), ""
}

// args are the arguments of a code from the node, each put into the person's
// language where it is a phrase.
func (e *env) args(list []string) []any {
	out := make([]any, len(list))
	for i, a := range list {
		out[i] = e.say.want(a)
	}
	return out
}
