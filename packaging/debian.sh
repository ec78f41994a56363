#!/usr/bin/env bash
# Makes a Debian package of a static program: `packaging/debian.sh PROGRAM` writes
# target/debian/wavekeep_VERSION_ARCHITECTURE.deb. The program needs no library of the system, so that
# one package serves every release of Debian and Ubuntu.
set -euo pipefail
program=$(realpath "$1")
cd "$(dirname "$0")/.."

version=$("$program" --version | cut -d ' ' -f 2)
architecture=$(dpkg --print-architecture)
root=target/debian/root
rm -rf target/debian
mkdir -p "$root"/DEBIAN "$root"/usr/share/{man/man1,doc/wavekeep}

install -D -m 755 "$program" "$root/usr/bin/wavekeep"
"$program" reference --quiet target/debian/reference
install -m 644 target/debian/reference/man1/* "$root/usr/share/man/man1"
gzip -9n "$root"/usr/share/man/man1/*
install -d "$root"/usr/share/{bash-completion/completions,fish/vendor_completions.d,zsh/vendor-completions}
"$program" completions bash > "$root/usr/share/bash-completion/completions/wavekeep"
"$program" completions fish > "$root/usr/share/fish/vendor_completions.d/wavekeep.fish"
"$program" completions zsh > "$root/usr/share/zsh/vendor-completions/_wavekeep"

documents=$root/usr/share/doc/wavekeep
install -m 644 README.md LICENSE-APACHE LICENSE-MIT packaging/debian/copyright "$documents"
install -m 644 crates/report/fonts/LICENSE-OFL.txt "$documents/LICENSE-OFL"
install -m 644 crates/server/web/vendor/uplot/LICENSE "$documents/LICENSE-uPlot"
gzip -9nc CHANGELOG.md > "$documents/changelog.gz"

install -d "$root/lib/systemd/system"
install -m 644 packaging/systemd/*.service "$root/lib/systemd/system"
install -D -m 644 packaging/debian/config.toml "$root/etc/wavekeep/config.toml"
install -m 755 packaging/debian/{postinst,prerm,postrm} "$root/DEBIAN"
echo /etc/wavekeep/config.toml > "$root/DEBIAN/conffiles"
(cd "$root" && find usr lib -type f -printf '%p\0' | sort -z | xargs -0 md5sum) > "$root/DEBIAN/md5sums"
cat > "$root/DEBIAN/control" <<END
Package: wavekeep
Version: $version
Architecture: $architecture
Maintainer: the wavekeep authors <https://github.com/wavekeep/wavekeep>
Installed-Size: $(du -sk --exclude DEBIAN "$root" | cut -f 1)
Depends: adduser
Section: science
Priority: optional
Homepage: https://github.com/wavekeep/wavekeep
Description: opens, checks, plots, converts and archives instrument recordings
 Vibration events (Blastware, Thor), SMuRF streams and GNZ arrays, without the
 vendor's software. Brings the command and a service that serves an archive
 over HTTP, which is not started before you do.
END
dpkg-deb --root-owner-group --build "$root" target/debian > /dev/null
rm -rf "$root" target/debian/reference
ls target/debian/*.deb
