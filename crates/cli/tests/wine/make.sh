#!/bin/sh
# Makes a Windows for tests: make.sh FOLDER
set -eu
export WINEPREFIX="$1" WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml='
mkdir -p "$1"
wine wineboot --init
x86_64-w64-mingw32-gcc -shared -o "$1/drive_c/windows/system32/bcryptprimitives.dll" \
    "$(dirname "$0")/bcryptprimitives.c" -ladvapi32
