#!/usr/bin/env bash
# What cannot be: one message, the right exit code, nothing written, no hang.
#   bad_input.sh TRAINER SOURCE_DIRECTORY
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
limit=60
ranks=4

# dataset NAME: a tiny MovieLens-100k of 40 interactions, 5 users and 8 items.
dataset() {
  mkdir -p "$1"
  for ((i = 0; i < 40; ++i)); do
    printf '%d\t%d\t%d\t%d\n' $((i % 5 + 1)) $((i % 8 + 1)) $((i % 5 + 1)) $((880000000 + i * 1000))
  done >"$1/u.data"
  for ((i = 1; i <= 8; ++i)); do
    printf '%d|Film number %d (199%d)|01-Jan-1995||\n' "$i" "$i" "$i"
  done >"$1/u.item"
}

# replace FILE LINE TEXT: TEXT may hold escapes, such as \t.
replace() {
  awk -v line="$2" -v text="$3" 'NR == line { print text; next } { print }' "$1" >replaced && mv replaced "$1"
}

# expect NAME CODE WORDS...: what the last run said. Each of WORDS is a fixed text.
expect() {
  ((status == $2)) || fail "$1: exit code $status, not $2"
  [[ $(grep -c '^trainer: error' errors) == 1 ]] || fail "$1: not exactly one line 'trainer: error'"
  for words in "${@:3}"; do
    grep -qF -- "$words" errors || fail "$1: does not say '$words'"
  done
}

# rejected NAME CODE WORDS... -- ARGUMENT...: the run fails and writes nothing. What metrics there were stay.
rejected() {
  local expected=("$1" "$2")
  shift 2
  while [[ $1 != -- ]]; do
    expected+=("$1")
    shift
  done
  on "$ranks" --checkpoint-dir checkpoints --metrics-file metrics.jsonl --epochs 1 --batch-size 8 "${@:2}"
  expect "${expected[@]}"
  [[ -z $(ls -A checkpoints 2>/dev/null) ]] || fail "${expected[0]}: written: $(ls -A checkpoints)"
  [[ $(<metrics.jsonl) == 'of an earlier run' ]] || fail "${expected[0]}: the metrics of an earlier run are lost"
  rm -rf checkpoints
  echo 'of an earlier run' >metrics.jsonl
}

dataset sound
echo 'of an earlier run' >metrics.jsonl

# Data that cannot be used.
rejected 'missing directory' 3 '--data nowhere' 'no such directory' -- --data nowhere
mkdir empty strange
rejected 'empty directory' 3 '--data empty' 'the directory is empty' 'u.data' -- --data empty
touch strange/ratings.parquet
rejected 'unknown format' 3 'known format' 'ratings.parquet' 'u.data' -- --data strange
dataset fields && replace fields/u.data 7 '3\t4\t5'
rejected 'too few fields' 3 "fields/u.data:7:1: '3\\t4\\t5'" '4 fields' 'not 3' -- --data fields
dataset rating && replace rating/u.data 33 '3\t4\tgood\t880000000'
rejected 'rating that is no number' 3 "rating/u.data:33:5: 'good'" 'a rating' -- --data rating
dataset timestamp && replace timestamp/u.data 40 '3\t4\t5\tyesterday'
rejected 'timestamp that is no number' 3 "timestamp/u.data:40:7: 'yesterday'" 'a timestamp' -- --data timestamp
dataset item && replace item/u.data 12 '3\t99\t5\t880000000'
rejected 'unknown item' 3 "item/u.data:12:3: '99'" 'u.item' -- --data item
dataset many
for ((line = 5; line <= 38; line += 3)); do replace many/u.data "$line" "bad line $line"; done
rejected 'many bad lines' 3 many/u.data:5:1 many/u.data:32:1 '12 lines cannot be used' 'first 10' -- --data many
on "$ranks" --data many --checkpoint-dir checkpoints
[[ $(grep -c 'many/u.data:' errors) == 10 ]] || fail 'many bad lines: not ten are listed'
dataset twice && replace twice/u.item 6 '2|Another film (1995)|01-Jan-1995||'
rejected 'item that is there twice' 3 "twice/u.item:6:1: '2'" 'line 2' -- --data twice
dataset single && replace single/u.data 1 '1\t1\t5\t880000000' && sed -i '2,$d' single/u.data
rejected 'nothing left to train on' 3 'no training example' '--test-fraction' -- --data single --test-fraction 0.9

# Files of interactions that cannot be used, and splits that they cannot have.
pairs=(--file-format pairs)
printf '1,2,3\n1,3,x\n' >pairs.txt
rejected 'rating of a pair' 3 "pairs.txt:2:5: 'x'" 'a rating, a finite number' -- --train-file pairs.txt "${pairs[@]}"
printf '1\t2\t3\t881250949\n2\t3\t4\t891717742\n' >unclear.txt
rejected 'list or pair' 3 "unclear.txt:1:1: '1\\t2\\t3\\t881250949': 4 fields" '--file-format pairs' -- --train-file unclear.txt
printf '[{"user": 1, "item": 2}]\n' >lines.json
rejected 'JSON' 3 'lines.json: is JSON' 'jq' -- --train-file lines.json
gzip -c unclear.txt | head -c -9 >packed.gz
rejected 'gzip' 3 'packed.gz: ' 'gzip -t packed.gz' -- --train-file packed.gz --file-format lists
{ seq -f '%g 1 2' 5000 && printf '5001 1\0\n'; } >torn.txt
rejected 'NUL at the end' 3 "torn.txt:5001:7: '\x00': a NUL byte" -- --train-file torn.txt --file-format lists
rejected 'columns of lists' 2 '--columns' '--file-format lists' -- \
  --train-file unclear.txt --file-format lists --columns user,item,-,-
rejected 'missing file' 3 'nothing.txt' 'cannot be opened' -- --train-file nothing.txt
printf '1\n2\n' >idle.txt
rejected 'no interactions' 3 'idle.txt' 'holds no interactions' -- --train-file idle.txt
mkdir divided && printf '1 2 3\n4 2\n' | tee divided/train.txt >divided/test.txt
rejected 'split of split data' 2 'comes split into files already' -- --data divided --split random
rejected 'split of given files' 2 '--split time:' '--test-file' -- \
  --train-file divided/train.txt --test-file divided/test.txt --split time
rejected 'time without timestamps' 2 '--split time' 'its columns are: user_id (text)' -- \
  --train-file divided/train.txt --split time
rejected 'time that is no column' 2 'there is no column "timestamp". The columns are: user_id (text)' -- \
  --data divided --query-feature timestamp:normalize
rejected 'folds of another split' 2 '--folds' '--split k-fold' -- --data sound --folds 3
rejected 'weights that are no column' 2 '--weight-column price' 'rating (number)' -- --data sound --weight-column price
replace pairs.txt 2 '1,3,-1'
rejected 'negative weight' 3 'interaction 2 (user 1) has the weight -1' -- \
  --train-file pairs.txt "${pairs[@]}" --test-fraction 0 --weight-column rating

# Files that are not what they should be, of interactions, items and users alike. wrong TEXT FILE: refused, by that text.
wrong() {
  refuses_on 1 3 "$1" describe --ratings "${ratings:-$2}" "${others[@]/FILE/$2}"
}
{ echo user,item,rating,time && seq 0 299 | awk -v OFS=, '{ print "u" $1 % 20, "i" $1 % 13, $1 % 5 + 1, 1500000000 + $1 * 1000 }'; } >ratings.csv
{ echo item,title,price && seq 0 12 | awk '{ print "i" $1 ",\"Item, " $1 "\"," $1 ".5" }'; } >items.csv
{ echo user,age,town && seq 0 19 | awk '{ print "u" $1 "," $1 + 20 ",\"B, x\"" }'; } >users.csv
long=$(head -c 5000 /dev/zero | tr '\0' x)
declare -A encoding_of=([ratings]=UTF-16 [items]=UTF-16LE [users]=UTF-16BE)
declare -A pack_of=([ratings]=gzip [items]=bzip2 [users]=zstd)
for kind in ratings items users; do
  ratings=ratings.csv others=("--$kind" FILE)
  [[ $kind != ratings ]] || ratings='' others=()
  mkdir -p "of-$kind/folder.csv"
  cd "of-$kind" || exit 1
  cp ../*.csv .
  iconv -f UTF-8 -t "${encoding_of[$kind]}" "$kind.csv" >encoded.csv
  wrong "iconv -f ${encoding_of[$kind]} -t UTF-8 encoded.csv >data.txt" encoded.csv
  sed '5s/,/\x00,/' "$kind.csv" >bad.csv && wrong 'bad.csv:5:' bad.csv
  sed '5s/,/\xc3(,/; 7s/,/ä,/' "$kind.csv" >bad.csv && wrong "'\\xc3': is not UTF-8, though the file has UTF-8 elsewhere" bad.csv
  sed "5s/^[^,]*/$long/" "$kind.csv" >bad.csv && wrong 'of at most 4096 bytes, not 5000' bad.csv
  sed '5s/^/"/; 6,$s/"//g' "$kind.csv" >bad.csv && wrong 'trainer: error: bad.csv:5:' bad.csv
  sed '5s/,/;/g' "$kind.csv" >bad.csv && wrong 'bad.csv:5:1: ' bad.csv
  : >empty.csv && wrong 'trainer: error: empty.csv: ' empty.csv
  head -n 1 "$kind.csv" >heading.csv && wrong 'trainer: error: heading.csv: ' heading.csv
  wrong 'folder.csv: is a directory' folder.csv
  wrong 'gone.csv: cannot be opened' gone.csv
  "${pack_of[$kind]}" -c "$kind.csv" | head -c -20 >torn && wrong "test it with: ${pack_of[$kind]} -t torn" torn
  # These are all right.
  { printf '\xef\xbb\xbf' && sed 's/$/\r/' "$kind.csv" | head -c -2; } >odd.csv
  trainer_on 1 describe --ratings "${ratings:-odd.csv}" "${others[@]/FILE/odd.csv}"
  ((status == 0)) || fail "$kind with a byte order mark, CRLF and no last line end"
  cd .. || exit 1
done
ratings='' others=()
awk -F , -v OFS=, 'BEGIN { split("inf,nan,1e999,,x", bad) } NR > 4 && NR < 10 { $3 = bad[NR - 4] } 1' ratings.csv >bad.csv
wrong '5 lines cannot be used' bad.csv
for at in "5:7: 'inf'" "6:7: 'nan'" "7:7: '1e999'" "8:7: ''" "9:7: 'x'"; do
  check "no rating, $at" grep -qF "bad.csv:$at: expected a rating, a finite number" errors
done
awk -F , -v OFS=, 'BEGIN { split("99999999999999999999,nan,,31.01,soon", bad) } NR > 4 && NR < 10 { $4 = bad[NR - 4] } 1' ratings.csv >bad.csv
wrong '5 lines cannot be used' bad.csv
for at in "5:9: '99999999999999999999'" "6:9: 'nan'" "7:9: ''" "8:9: '31.01'" "9:9: 'soon'"; do
  check "no time, $at" grep -qF "bad.csv:$at: expected a timestamp, a whole number or a date such as" errors
done
sed '5s/$/.25/' ratings.csv >odd.csv
trainer_on 1 describe --ratings odd.csv
check 'fractions of seconds are told' grep -q "1 line has a time with a fraction of a second, which is cut off, the first: line 5, '1500003000.25'" errors
for time in -86400 9000000000 1500000000000; do
  sed "5s/[0-9]*\$/$time/" ratings.csv >odd.csv
  on 1 --ratings odd.csv --epochs 1 --query-feature user_id:lookup --checkpoint-dir odd "${quiet[@]}"
  check "a training warns of $time" grep -q 'warning: .*\(before 1990\|in the future\|milliseconds\)' errors
done

# Bad lines may be skipped, in files and directories.
mkdir skipped
cp items.csv users.csv skipped
sed '3,14s/.*/bad/' ratings.csv >skipped/ratings.csv
echo 'i3,again' >>skipped/items.csv
echo ',1,2' >>skipped/users.csv
refuses_on 1 3 '12 lines cannot be used, of which the first 10 are shown. Correct the file' describe --data skipped
trainer_on 3 describe --data skipped --on-bad-line skip
((status == 0)) || fail "exit code $status: bad lines are skipped"
check 'skipped lines are counted' grep -q '12 lines cannot be used: skipped, of which the first 10 are shown' errors
[[ $(grep -c 'ratings.csv:[0-9]*:1: .bad.' errors) == 10 ]] || fail 'not the first ten are shown'
check 'of items and users, too' test "$(grep -c '^1 line cannot be used: skipped' errors)" = 2
check 'others are read' grep -q '288 interactions of 20 users with 13 items' output

# Options that cannot be.
for widths in 0 abc ''; do
  rejected "layers '$widths'" 2 --layers -- --data sound "--layers=$widths"
done
rejected 'batch below lanes' 2 '--batch-size' '--lanes 9' -- --data sound --lanes 9
rejected 'more ranks than lanes' 2 '--lanes 2' '4 ranks' -- --data sound --lanes 2
rejected 'misspelt option' 2 '--epoch:' 'Did you mean --epochs?' -- --data sound --epoch 3
rejected 'misspelt option' 2 '--layer:' 'Did you mean --layers?' -- --data sound --layer 3
rejected 'unknown column' 2 'shoe_size:lookup' 'user_id' -- --data sound --query-feature shoe_size:lookup

rejected 'unknown place' 2 '--placement nonsense: expected auto, replicated or sharded' -- \
  --data sound --placement nonsense
rejected 'place of an unknown feature' 2 '--placement shoe_size=sharded' 'user_id_lookup' 'title_text' -- \
  --data sound --placement sharded --placement shoe_size=sharded

# Tables that no rank has room for, nor thousands: refused before anything is allocated.
rejected 'table too large' 2 'a rank would need' 'give ranks more memory' \
  'user_id_hash [4000000000, 65536] replicated: 2.1 PB a rank' 'title_lookup [9, 32] replicated' -- \
  --data sound --query-feature 'user_id:hash(4e9):65536' --placement replicated
rejected 'table that is large even in parts' 2 'a rank would need' \
  'user_id_hash [4000000000, 512] sharded (chosen): 4.1 TB a rank' -- \
  --data sound --query-feature 'user_id:hash(4e9):512'
rejected 'table that more ranks have room for' 2 'a rank would need' 'ranks with as much memory each would do' \
  'user_id_hash [4000000000, 32] sharded (chosen): 256.0 GB a rank' -- \
  --data sound --query-feature 'user_id:hash(4e9):32'

# Plans that cannot be made.
# planned NAME WORDS... -- ARGUMENT...: there is no plan.
planned() {
  local expected=("$1" 2)
  shift
  while [[ $1 != -- ]]; do
    expected+=("$1")
    shift
  done
  status=0
  timeout "$limit" "${mpiexec[@]}" -n 2 "$trainer" plan --data sound "${@:2}" \
    >output 2>errors </dev/null || status=$?
  expect "${expected[@]}"
  [[ ! -s output ]] || fail "${expected[0]}: something is printed all the same"
}
for rows in user_id=-5 user_id=1e400 user_id=many; do
  planned "rows '$rows'" "--rows $rows: expected FEATURE=N" '1 to 4294967295' -- --rows "$rows"
done
planned 'rows of an unknown feature' '--rows shoe_size=5' 'user_id_lookup' -- --rows shoe_size=5
planned 'too many ranks' '--ranks' '1024' -- --ranks 5000
planned 'unknown place' '--placement nonsense' -- --placement nonsense

# Checkpoints that cannot be gone on with, in a directory that stays as it is.
train 2 kept --data sound --epochs 1 --batch-size 8
checkpoint=$(newest kept)
head -c 20000 "$checkpoint" >truncated.h5
echo 'not a checkpoint' >text.h5
rejected 'other layers' 4 "$checkpoint" '--layers 32' '16' -- --data sound --layers 16 --resume "$checkpoint"
rejected 'truncated checkpoint' 4 'truncated.h5' -- --data sound --resume truncated.h5
rejected 'no HDF5' 4 'text.h5' 'not an HDF5 file' -- --data sound --resume text.h5
rejected 'no such checkpoint' 4 'missing.h5' 'no such file' -- --data sound --resume missing.h5

# Places that cannot be written to.
touch file
on "$ranks" --data sound --epochs 1 --batch-size 8 --checkpoint-dir file/below
expect 'unwritable directory' 4 'file/below' '--checkpoint-dir'
on "$ranks" --data sound --epochs 1 --batch-size 8 --checkpoint-dir places --metrics-file file/metrics
expect 'unwritable metrics file' 2 'file/metrics'
on "$ranks" --data sound --epochs 1 --batch-size 8 --checkpoint-dir places --trace file/trace
expect 'unwritable trace' 2 'file/trace'

# A loss that is no number. The first step's is one, and so are the weights after it; the vectors made of them are not.
on "$ranks" --data sound --epochs 50 --batch-size 8 --learning-rate 1e30 --checkpoint-dir diverged
expect 'diverging run' 5 '--learning-rate'
on "$ranks" --data sound --epochs 50 --batch-size 8 --learning-rate 1e30 --clip-norm 1e30 --checkpoint-dir diverged
expect 'diverging run with clipped gradients' 5 'no longer finite'
on "$ranks" --data sound --epochs 50 --batch-size 8 --learning-rate 1e30 --checkpoint-dir diverged --checkpoint-every 1steps
expect 'diverging vectors' 5 '/catalogue/vector' 'no finite numbers, so no checkpoint was written, at step 1;'
[[ -z $(newest diverged) ]] || fail 'a diverged model was written'

# Weights that become infinite in the very step after which a checkpoint is due: what there was before stays, in spite of --keep.
sgd=(--data sound --batch-size 8 --optimizer sgd --placement sharded --keep 1)
overflowing=(--checkpoint-dir overflow --epochs 2 --resume auto --learning-rate 3e38 --temperature 0.001)
train 2 overflow "${sgd[@]}" --epochs 1
before=$(cksum overflow/*)
for every in 1steps 0; do
  on "$ranks" "${sgd[@]}" "${overflowing[@]}" --checkpoint-every "$every"
  expect "overflow, a checkpoint every $every" 5 "the last checkpoint is $(newest overflow)"
  [[ $(cksum overflow/*) == "$before" ]] || fail "overflow, a checkpoint every $every: the files have changed"
done
on "$ranks" "${sgd[@]}" "${overflowing[@]}" --checkpoint-every 1steps
expect 'overflow of the last update' 5 '/query/' 'no checkpoint was written, at step 5;'

# A disk that fills up while a checkpoint is written.
mkdir disk
if mount -t tmpfs -o size=3M tmpfs disk 2>/dev/null; then
  trap 'umount "$scratch/disk"; rm -rf "$scratch"' EXIT
  train 2 disk --data sound --epochs 1 --batch-size 8
  before=$(newest disk)
  sum=$(cksum "$before")
  head -c $((3 * 1024 * 1024 - $(du -sb disk | cut -f 1) - 60000)) /dev/zero >disk/ballast 2>/dev/null
  on "$ranks" --data sound --epochs 2 --batch-size 8 --checkpoint-dir disk --resume auto
  expect 'full disk' 4 'disk/run-'
  [[ $(cksum "$before") == "$sum" ]] || fail 'full disk: the earlier checkpoint was touched'
  [[ $(find disk -type f | wc -l) == 2 ]] || fail "full disk: something is left: $(ls -A disk)"
else
  echo 'LEFT OUT: no right to mount a small disk'
fi
finish
