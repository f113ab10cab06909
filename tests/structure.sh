#!/bin/sh
# structure.sh - the cheap truths about the tree: includes point down, LLVM has one door, nothing generated is kept.
set -u
cd "$(dirname "$0")/.."
status=0
complain() {
    echo "$1"
    echo "$2"
    status=1
}
up=$(grep -rnE '#include +["<](\.\./)*(compiler/|constitution/compiler)' runtime)
[ -z "$up" ] || complain "runtime/ includes the compiler:" "$up"
llvm=$(grep -rlE '#include +[<"]llvm' compiler runtime tests examples 2>/dev/null | grep -v '^compiler/codegen/')
[ -z "$llvm" ] || complain "LLVM is included outside of compiler/codegen/:" "$llvm"
base=$(grep -rnE '#include +"runtime/[a-z_]+\.h"' runtime/base | grep -v 'runtime/limits.h')
[ -z "$base" ] || complain "runtime/base includes what is above it:" "$base"
bare=$(for file in $(git ls-files 'compiler/*.[ch]' 'runtime/*.[ch]' 'tests/*.[ch]' 2>/dev/null); do
    head -1 "$file" | grep -q '^/\*' || echo "$file"; done)
[ -z "$bare" ] || complain "files without an opening comment:" "$bare"
open=$(grep -rnwE 'TODO|FIXME|XXX|HACK' compiler runtime grammar stdlib tests --include='*.[chy]' --include='*.re' --include='*.const')
[ -z "$open" ] || complain "left open:" "$open"
missing=$(grep -nE '^#define LIMIT_' runtime/limits.h | grep -v '/\*')
[ -z "$missing" ] || complain "a bound without its reason:" "$missing"
if command -v clang-format-19 >/dev/null; then
    badly=$(git ls-files '*.c' '*.h' '*.cpp' 2>/dev/null | grep -v runtime/limits.h | xargs -P2 -n40 clang-format-19 --dry-run -Werror 2>&1 | grep 'error:' | head -20)
    [ -z "$badly" ] || complain "not as .clang-format lays it out (clang-format-19 -i FILE):" "$badly"
fi
exit $status
