#!/usr/bin/env bash
# Packs a built program: `packaging/archive.sh x86_64-unknown-linux-musl` writes
# target/archives/wavekeep-VERSION-TARGET.tar.gz (.zip for Windows) with the program, its manual pages,
# completions and licences.
set -euo pipefail
cd "$(dirname "$0")/.."

target=$1
case $target in *windows*) program=wavekeep.exe ;; *) program=wavekeep ;; esac
built=target/$target/${PROFILE:-release}/$program
version=$("$built" --version | cut -d ' ' -f 2 | tr -d '\r')
name=wavekeep-$version-$target

folder=target/archives/$name
rm -rf "$folder"
mkdir -p "$folder/completions"
cp "$built" README.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT "$folder"
"$built" reference --quiet "$folder"
rm "$folder/commands.md"
for shell in bash elvish fish powershell zsh; do
    "$built" completions "$shell" > "$folder/completions/wavekeep.$shell"
done

cd target/archives
case $target in
    *windows*) 7z a -bso0 "$name.zip" "$name" ;;
    *) tar -czf "$name.tar.gz" "$name" ;;
esac
rm -rf "$name"
