#!/bin/sh
# Runs a program of Windows under wine, as cargo runs tests: run.sh PROGRAM ARGUMENT…
#
# WINEPREFIX names the folder of this wine (`make windows` makes it). No display is needed.
set -eu
export WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml='
# The tests start programs themselves, within the same wine.
unset CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER
exec wine "$@"
