#!/usr/bin/env bash
# Filters: the same training on any number of ranks, by the data that they leave, and kept with the checkpoint.
#   filters.sh TRAINER SOURCE_DIRECTORY
# shellcheck disable=SC2317  # functions are called through check
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
draw_ratings
# Some came back, sooner or later.
awk -v OFS='\t' 'NR % 20 == 0 { $3 = 1 + NR / 20 % 5; $4 += 1000 * (NR / 20 % 3 - 1); print }' "$data/u.data" >again
cat again >>"$data/u.data"

since=$(cut -f 4 "$data/u.data" | sort -n | sed -n 20000p)
filters=(--min-rating 3 --since "$since" --duplicates last --k-core "user=10,item=5")
run=(--epochs 1 --batch-size 512 --split time --candidate-feature 'genres:list(|)')
train 1 alone --data "$data" "${filters[@]}" "${run[@]}"
grep -o -- '--[a-z-]* .*: keeps .*' errors >told
check 'each filter says what it leaves' test "$(wc -l <told)" = 4
train 2 both --data "$data" "${filters[@]}" "${run[@]}"
check 'two ranks leave the same' diff told <(grep -o -- '--[a-z-]* .*: keeps .*' errors)
check 'two ranks train the same' same alone both

# By the books: the file that has what is left, in the same order, is trained alike.
mkdir left
awk -v since="$since" '
  $3 < 3 || $4 < since { next }
  !(($1, $2) in at) || $4 >= time[$1, $2] { at[$1, $2] = NR; time[$1, $2] = $4 }
  { line[NR] = $0; user[NR] = $1; item[NR] = $2 }
  END {
    for (n in line) if (at[user[n], item[n]] != n) delete line[n]
    for (gone = 1; gone;) {
      gone = 0; split("", users); split("", items)
      for (n in line) { ++users[user[n]]; ++items[item[n]] }
      for (n in line) if (users[user[n]] < 10 || items[item[n]] < 5) { delete line[n]; ++gone }
    }
    for (n = 1; n <= NR; ++n) if (n in line) print line[n]
  }' "$data/u.data" >left/u.data
awk -F '|' 'NR == FNR { split($0, field, "\t"); has[field[2]]; next } $1 in has' left/u.data "$data/u.item" >left/u.item
train 1 books --data left "${run[@]}"
for tower in query candidate; do
  check "the $tower tower is that of the books" h5diff "$(newest alone)" "$(newest books)" "/$tower" "/$tower"
done

# A checkpoint's own data is filtered alike; other data as it is told.
trainer_on 1 evaluate alone
check 'evaluate filters alike' diff told <(grep -o -- '--[a-z-]* .*: keeps .*' errors)
trainer_on 2 evaluate alone --data left
check 'evaluate of other data filters nothing' test -z "$(grep ': keeps ' errors)"

# Counts as weights.
train 2 counts --synthetic-interactions 5000 --duplicates sum --weight-column count --epochs 1
check 'counts are weights' grep -q 'which weigh the sums of the column count' errors
train 1 sums --synthetic-interactions 5000 --duplicates sum --epochs 1
check 'which need not be named' same counts sums
on 1 --checkpoint-dir sums --synthetic-interactions 5000 --duplicates sum --epochs 2 --resume auto "${quiet[@]}"
check 'weights stay what they are' test -z "$(grep -- '--weight-column' errors)"
train 2 first --synthetic-interactions 5000 --duplicates first --epochs 1
check 'and make a difference' test -n "$(h5diff "$(newest first)" "$(newest counts)" /history/loss)"

refuses 3 'none of the 105000 interactions is left. Ratings go up to 5' train --data "$data" --min-rating 6
refuses 2 '--since soon: give a date of UTC' train --data "$data" --since soon
finish
