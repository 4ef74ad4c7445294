#!/usr/bin/env bash
# Takes the pictures of the README from the demo. A release build fills it fastest:
#     deploy/screenshots.sh target/release/datacore
set -euo pipefail
cd "$(dirname "$0")/.."
. deploy/page-tools.sh

# The page is written in the system's own font; the one that a bare Debian has is wider than what people see elsewhere.
[ -d /usr/share/fonts/opentype/inter ] || fail "please install the font Inter (on Debian: apt-get install fonts-inter)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export FONTCONFIG_FILE=$work/fonts.conf
cat >"$FONTCONFIG_FILE" <<'XML'
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include>/etc/fonts/fonts.conf</include>
  <match target="pattern"><edit name="family" mode="prepend" binding="strong"><string>Inter</string></edit></match>
</fontconfig>
XML

mkdir -p deploy/images
node "$page/test/browser/screenshots.js" deploy/images
ls -l deploy/images
