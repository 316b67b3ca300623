#!/usr/bin/env bash
# Fetches MovieLens 100K from GroupLens.
#   data/fetch_movielens.sh [FOLDER]      leaves it in FOLDER/ml-100k; FOLDER is data/ of this project unless given
# Does nothing when it is there already. Checks what comes, and never leaves half of it.
set -euo pipefail

case ${1-} in
  -h | --help)
    sed -n -e '2,/^[^#]/s/^#\( \|$\)//p' "$0"
    exit 0
    ;;
esac

url=https://files.grouplens.org/datasets/movielens/ml-100k.zip
md5=0e33842e24a9c977be4e0107933c0723  # published beside the archive as ml-100k.zip.md5
ratings=100000

folder=${1:-$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)}
target=$folder/ml-100k

say() { printf 'fetch_movielens: %s\n' "$*"; }
fail() {
  printf 'fetch_movielens: error: %s\n' "$*" >&2
  exit 1
}
is_complete() { [[ -s $1/u.item && -r $1/u.data && $(wc -l <"$1/u.data") -eq $ratings ]]; }

if is_complete "$target"; then
  say "already there: $target"
  exit 0
fi
[[ ! -e $target ]] || fail "$target is there but is not MovieLens 100K ($ratings lines in u.data, and u.item): move it away"
for tool in curl unzip md5sum; do
  command -v "$tool" >/dev/null || fail "there is no $tool: run launch/install-deps.sh"
done
mkdir -p "$folder" 2>/dev/null || true
[[ -w $folder ]] || fail "$(id -un) may not write to $folder; name another folder: $0 FOLDER"

# Unpacked beside its place, so that the last step is a rename.
scratch=$(mktemp -d "$folder/.ml-100k.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM HUP

say "downloading $url"
curl --fail --location --silent --show-error --connect-timeout 10 --max-time 300 --output "$scratch/ml-100k.zip" "$url" ||
  fail "the download failed; see above. With the archive from elsewhere: unzip ml-100k.zip -d '$folder'"
read -r sum _ < <(md5sum "$scratch/ml-100k.zip")
[[ $sum == "$md5" ]] || fail "ml-100k.zip has the MD5 $sum, not the published $md5: the download is damaged, try again"
unzip -q "$scratch/ml-100k.zip" -d "$scratch" || fail "ml-100k.zip does not unpack"
is_complete "$scratch/ml-100k" || fail "ml-100k.zip does not hold the $ratings ratings of MovieLens 100K"
chmod u=rwX,go=rX "$scratch/ml-100k"
mv -T "$scratch/ml-100k" "$target"

say "MovieLens 100K is in $target"
say "terms of GroupLens: research only, no commercial use and no redistribution without permission, cite it (README there)"
