// OPA as a Go library, prepared: the query is compiled once, the data stands in the store as terms, inputs are parsed terms.
package main

import (
	"context"
	"encoding/json"
	"os"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

type prepared struct {
	query  rego.PreparedEvalQuery
	inputs []ast.Value
}

func load(folder string) prepared {
	ctx := context.Background()
	var data map[string]any
	must(json.Unmarshal(read(folder, "data.json"), &data))
	store := inmem.NewFromObjectWithOpts(data, inmem.OptRoundTripOnWrite(false), inmem.OptReturnASTValuesOnRead(true))
	query, err := rego.New(rego.Query("data.bench.allow"), rego.Module("policy.rego", string(read(folder, "policy.rego"))),
		rego.Store(store), rego.StoreReadAST(true)).PrepareForEval(ctx)
	must(err)
	out := prepared{query: query}
	for _, line := range lines(read(folder, "rego.jsonl")) {
		value, err := ast.ValueFromReader(strings.NewReader(line))
		must(err)
		out.inputs = append(out.inputs, value)
	}
	return out
}

func main() {
	ctx := context.Background()
	var wanted [][]bool
	var stores []prepared
	for _, folder := range os.Args[1:] {
		wanted = append(wanted, expected(folder))
		stores = append(stores, load(folder))
	}
	serve(wanted, func(s, i int) bool {
		results, err := stores[s].query.Eval(ctx, rego.EvalParsedInput(stores[s].inputs[i]))
		must(err)
		return results.Allowed()
	})
}
