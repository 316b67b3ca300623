#!/usr/bin/env bash
# What data holds, the same on any number of ranks, and a command to begin with that can be run as it stands.
#   describe.sh TRAINER SOURCE_DIRECTORY
# shellcheck disable=SC2317  # functions are called through check
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need jq

mkdir tools
cat >tools/trainer <<TOOL
#!/usr/bin/env bash
exec "$trainer" "\$@" --epochs 1 --progress none
TOOL
chmod +x tools/trainer

# describes TEXT ARGUMENT...: standard output has nothing but the description, which says so; its command can be run.
describes() {
  trainer_on 1 describe "${@:2}"
  ((status == 0)) || fail "exit code $status of describe ${*:2}"
  cp output one
  grep -qF -- "$1" <(tr -s '\n ' ' ' <one) || fail "not told, \"$1\": ${*:2}"
  trainer_on 3 describe "${@:2}" --json
  jq -e . output >document || fail "no JSON document: ${*:2}"
  check "the command is in both" test "$(tail -n 1 one)" = "  $(jq -r .command document)"
  jq -r .command document | sed 's/--epochs 10//; s/mpirun -n [0-9]* //' >begin
  (PATH=$scratch/tools:$PATH bash -euo pipefail begin) >output 2>errors </dev/null ||
    fail "exit code $? of: $(cat begin)"
  rm -rf checkpoints
}

draw_ratings
describes '100000 interactions of 943 users with 1682 items, 6.3 % of all pairs' --data "$data"
trainer_on 2 describe --data "$data"
check 'two ranks tell the same' cmp one output
check 'figures are those of the data' test "$(jq -c '[.interactions, .users.count, .items.count, .times.first]' document)" = \
  "[100000,943,1682,$(cut -f 4 "$data/u.data" | sort -n | head -n 1)]"
describes 'interactions of 943 users' --data "$data" --min-rating 4
check 'filters count' test "$(jq .interactions document)" = "$(awk '$3 >= 4' "$data/u.data" | wc -l)"

# Of data that has gone wrong.
rows() { awk -v OFS=, "BEGIN { for (i = 1; i <= 600; ++i) { user = i % 40; item = (int(i / 40) * 17 + user * 3) % 101; time = 1500000000 + 5000 * i; $1; print user, item, rating, time } }"; }
{ echo user,item,rating,time && rows 'rating = 1 + i % 5'; } >sound.csv
describes 'likely mistakes: none was found' --train-file sound.csv
rows 'rating = 5; time = time "000"; if (i % 4 == 0) user = "nan"' >odd.csv
describes 'timestamps are milliseconds rather than seconds' --train-file odd.csv --columns user,item,rating,timestamp
check 'what is wrong is told' test "$(jq '.mistakes | length' document)" = 4
cat sound.csv <(tail -n +2 sound.csv) >'twice as much.csv'
describes '600 of 1200 interactions (50.0 %) are copies' --train-file 'twice as much.csv'
rows 'user = i; rating = 2; time = 1500000000' >flat.csv
describes 'all interactions are at the same time, 2017-07-14T02:40:00' --train-file flat.csv --columns user,item,rating,timestamp
awk 'BEGIN { for (i = 1; i <= 40; ++i) print i, i }' >same.txt
describes 'every one of the 40 users has one item, and users and items are the same ids' --train-file same.txt
{ cat sound.csv; echo 7,7,4,1; } >test.csv
describes '600 to train, 0 to validate, 601 to test' --train-file sound.csv --test-file test.csv

# A refusal is one on any number of ranks.
refuses 3 '--data nowhere: there is no such directory' describe --data nowhere
refuses_on 1 2 '--json perhaps' describe --json=perhaps
refuses_on 1 3 'none of the 600 interactions is left' describe --train-file sound.csv --min-rating 6
finish
