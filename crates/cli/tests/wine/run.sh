#!/bin/sh
# Runs a program of Windows under wine: run.sh PROGRAM ARGUMENT…
#
# WINEPREFIX names the folder of this wine (`make windows` makes it). No display is needed.
set -eu
export WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml='
# Where the snapshots of the tests are: they would ask cargo, which this wine has not. Z: is the root.
INSTA_WORKSPACE_ROOT="Z:$(cd "$(dirname "$0")/../../../.." && pwd)"
export INSTA_WORKSPACE_ROOT INSTA_UPDATE=no
exec wine "$@"
