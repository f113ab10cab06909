#!/bin/sh
# demo.sh - from a bare Debian 12 to decisions: installs what is missing, builds, compiles support.const and
# decides a recorded conversation. Run it from anywhere: sh examples/demo.sh
set -eu
cd "$(dirname "$0")/.."
. cmake/setup.sh

setup_packages $BUILD_PACKAGES
mkdir -p build
log=build/demo.log
echo "building…"
{ { [ -f build/demo/build.ninja ] || cmake -S . -B build/demo -G Ninja -DCMAKE_BUILD_TYPE=Release -DCONSTITUTION_TESTS=OFF; } &&
  cmake --build build/demo --target constc; } >"$log" 2>&1 || { tail -40 "$log"; exit 1; }
constc=build/demo/constc

echo
echo "1. The policy checks, and passes its own tests: examples/support.const"
$constc check examples/support.const
$constc test examples/support.const
echo
echo "2. Compiled to native code: build/demo/support.so"
$constc build examples/support.const -o build/demo/support.so
ls -l build/demo/support.so | awk '{print "   " $5 " bytes"}'
echo
echo "3. A recorded conversation, decided event by event: examples/support.events.jsonl"
echo
$constc run build/demo/support.so examples/support.events.jsonl --summary
