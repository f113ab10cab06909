// cel-go: the expression is checked and planned once with its optimisations, an activation is a map that stands ready.
package main

import (
	"encoding/json"
	"os"
	"strings"

	"github.com/google/cel-go/cel"
)

type prepared struct {
	program cel.Program
	inputs  []map[string]any
}

func load(folder string) prepared {
	env, err := cel.NewEnv(cel.Variable("ip", cel.StringType), cel.Variable("path", cel.StringType), cel.Variable("token", cel.StringType))
	must(err)
	checked, issues := env.Compile(strings.TrimSpace(string(read(folder, "policy.cel"))))
	must(issues.Err())
	program, err := env.Program(checked, cel.EvalOptions(cel.OptOptimize))
	must(err)
	out := prepared{program: program}
	for _, line := range lines(read(folder, "cel.jsonl")) {
		var input map[string]any
		must(json.Unmarshal([]byte(line), &input))
		out.inputs = append(out.inputs, input)
	}
	return out
}

func main() {
	var wanted [][]bool
	var stores []prepared
	for _, folder := range os.Args[1:] {
		wanted = append(wanted, expected(folder))
		stores = append(stores, load(folder))
	}
	serve(wanted, func(s, i int) bool {
		value, _, err := stores[s].program.Eval(stores[s].inputs[i])
		must(err)
		return value.Value() == true
	})
}
