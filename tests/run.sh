#!/bin/sh
# run.sh - every test, from a bare Debian 12: installs what is missing, builds, runs. sh tests/run.sh
#
# Three builds, because each finds what the others cannot: `release` (gcc) runs the end-to-end tests through the program and the
# installed libraries, and in full the unit tests that count in thousands; `fuzz` (clang, ASan and UBSan) runs the unit tests
# and replays the corpora; `tsan` the tests with threads. Both compilers build without a warning. With --all every test runs in
# these and in `dev` (gcc, ASan and UBSan) as well, which takes many minutes more. The last line is "N passed, M failed".
# Data sets that are not part of the project are used where CONSTITUTION_DATA names their folder, and skipped with a word elsewhere.
set -u
cd "$(dirname "$0")/.."
. cmake/setup.sh
setup_packages $BUILD_PACKAGES $TEST_PACKAGES || exit 1

log=build/test-logs
mkdir -p "$log"
passed=0
failed=0

# Configures and builds one preset (some targets, if given); a failure to build counts as a failed test.
build() {
    preset=$1
    shift
    if [ ! -f "build/$preset/build.ninja" ] && ! cmake --preset "$preset" >"$log/$preset.configure" 2>&1; then
        tail -30 "$log/$preset.configure"
    fi
    if cmake --build --preset "$preset" "$@" >"$log/$preset.build" 2>&1; then
        return 0
    fi
    grep -E -A6 'error:|warning:|FAILED' "$log/$preset.build" | head -60
    echo "build of $preset FAILED"
    failed=$((failed + 1))
    return 1
}

# Runs the tests of one preset (those with a label, if one is given) and adds them up.
run() {
    preset=$1
    shift
    ctest --test-dir "build/$preset" -j2 --timeout 300 --output-on-failure "$@" >"$log/$preset.test" 2>&1
    status=$?
    grep -vE '^ *[0-9]+/[0-9]+ Test +#.*Passed|^ *Start +[0-9]+:|^$' "$log/$preset.test"
    total=$(sed -n 's/.*tests failed out of \([0-9]*\).*/\1/p; s/.*test failed out of \([0-9]*\).*/\1/p' "$log/$preset.test" | tail -1)
    bad=$(sed -n 's/.*, \([0-9]*\) tests* failed out of.*/\1/p' "$log/$preset.test" | tail -1)
    if [ -z "$total" ] || { [ "$status" != 0 ] && [ "${bad:-0}" = 0 ]; }; then
        echo "tests of $preset did not run"
        failed=$((failed + 1))
        return
    fi
    passed=$((passed + total - bad))
    failed=$((failed + bad))
}

if [ "${1:-}" = --all ]; then
    for preset in release fuzz tsan dev; do
        echo "== $preset"
        build "$preset" && run "$preset"
    done
else
    echo "== release"
    build release && run release -L '^(program|exhaustive)$'
    echo "== fuzz"
    build fuzz && run fuzz -L '^(unit|fuzz)$'
    echo "== tsan"
    build tsan --target test_threads && run tsan -L '^threads$'
fi
echo
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
