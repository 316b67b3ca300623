#!/usr/bin/env bash
# A shop's own files: columns by name, in several files, packed or not, with features of interactions, items and users.
#   columns.sh TRAINER SOURCE_DIRECTORY
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need h5diff
draw_ratings
# Four files of interactions with columns in other orders, and what is known of items and users.
awk -F '\t' '{ print $4 "," $1 ",s" $2 "," ($1 % 2 ? "phone" : "tv") "," $3 "," $3 * 1.25 }' "$data/u.data" >rows
for part in 1 2 3; do
  { echo when,uid,sku,device,stars,price && sed -n "$((part * 3000 - 2999)),$((part * 3000))p" rows; } >"part-$part.csv"
done
{ echo sku,uid,price,stars,device,when && sed -n '9001,$p' rows | awk -F , -v OFS=, '{ print $3, $2, $6, $5, $4, $1 }'; } >part-4.csv
{ echo when,uid,sku,device,stars,price && cat rows; } >whole.csv
{ echo sku,name,cost && awk -F '|' '{ gsub(/"/, "\"\"", $2); print "s" $1 ",\"" $2 "\"," $1 / 4 }' "$data/u.item"; } >items.csv
{ echo uid,age,country && seq 1 943 | awk '{ print $1 "," 20 + $1 % 50 "," ($1 % 3 ? "de" : "fr") }'; } >users.csv
cat >shop.ini <<INI
# The schema of the shop.
[data]
items = items.csv
users = users.csv
columns = user=uid,item=sku,time=when,weight=stars
query-feature = uid:lookup
query-feature = device:lookup
query-feature = price:quantiles(20)
query-feature = age:normalize
query-feature = country:lookup
candidate-feature = sku:lookup
candidate-feature = cost:bucketize(50)
INI
model=(--config shop.ini --epochs 1 --layers 16)
train 1 of-parts --ratings part-1.csv part-2.csv part-3.csv part-4.csv "${model[@]}"
train 3 of-pattern --ratings 'part-*.csv' "${model[@]}"
train 2 of-one --ratings whole.csv "${model[@]}"
gzip -k whole.csv
bzip2 -k part-2.csv
zstd -q part-3.csv
train 2 of-packed --ratings whole.csv.gz "${model[@]}"
train 2 of-mixed --ratings part-1.csv part-2.csv.bz2 part-3.csv.zst part-4.csv "${model[@]}"
awk -F , '{ printf "{\"uid\":\"%s\",\"note\":\"a\\\"b\",\"sku\":\"%s\",\"device\":\"%s\",\"stars\":%s,\"price\":%s,\"when\":%s}\n", $2, $3, $4, $5, $6, $1 }' \
  rows >whole.jsonl
train 3 of-json --ratings whole.jsonl "${model[@]}"
for other in pattern one packed mixed json; do
  code=0
  # How the files are written is part of the data's identity, and of nothing else.
  h5diff --exclude-path /run --exclude-path /data "$(newest of-parts)" "$(newest "of-$other")" >difference 2>&1 || code=$?
  [[ $code == 0 && ! -s difference ]] || { cat difference && fail "$other differs from parts"; }
done

# The same data, prepared: one file on any number of ranks, and the same training as of the text, its identity included.
shop=(--items items.csv --users users.csv --columns "user=uid,item=sku,time=when,weight=stars")
trainer_on 3 prepare --ratings 'part-*.csv' "${shop[@]}" --out shop.h5
check 'says what is in it' grep -q '^ *20000  test$' output
trainer_on 1 prepare --ratings 'part-*.csv' "${shop[@]}" --out alone.h5
check 'the same file' h5diff --exclude-attribute /made_by shop.h5 alone.h5
sed '/^items\|^users\|^columns/d' shop.ini >features.ini
train 2 of-prepared --data shop.h5 "${model[@]/shop.ini/features.ini}"
code=0
h5diff --exclude-path /run "$(newest of-parts)" "$(newest of-prepared)" >difference 2>&1 || code=$?
[[ $code == 0 && ! -s difference ]] || { cat difference && fail 'prepared data trains another model'; }
trainer_on 2 evaluate of-prepared --by country
check 'groups by a column of users' grep -q fr output
refuses 7 'shop.h5: this file exists already; give --force' prepare --ratings whole.csv --out shop.h5
refuses 2 'the interactions have no such column of numbers' prepare --ratings whole.csv --weight-column device --out other.h5
refuses 3 'name a file of interactions with --ratings whole.csv' train --data whole.csv
refuses 3 'prepared data shop-cut.h5: damaged: truncated to 300000 bytes' train --data "$(head -c 300000 shop.h5 >shop-cut.h5 && echo shop-cut.h5)"

check 'our names' grep -q '"name": *"user_id_lookup"\|user_id_lookup' <(h5ls -r "$(newest of-parts)")

# A run goes on, and a model is used, with what it began with.
on 2 --checkpoint-dir of-parts --resume auto --epochs 2 "${quiet[@]}"
check 'resumes' grep -q 'users.csv: users' errors
trainer_on 2 evaluate of-one --by country
check 'groups by a column of users' grep -q fr output

# What queries need of known users is looked up, as if it were given.
asks=(--query device=tv --query price=2 --keep-seen -k 5 --format csv)
printf '%s\n' 7 300 9 >ids
{ echo user_id,age,country && awk '{ print $1 "," 20 + $1 % 50 "," ($1 % 3 ? "de" : "fr") }' ids; } >told.csv
trainer_on 1 recommend of-one --queries told.csv "${asks[@]}"
((status == 0)) || fail 'recommends to queries'
mv output told
trainer_on 3 recommend of-one --users ids "${asks[@]}"
check 'what is known of users is looked up' cmp told output
trainer_on 2 recommend of-prepared --users ids "${asks[@]}"
check 'prepared data knows it, too' cmp told output
for ranks in 1 3; do
  trainer_on "$ranks" recommend of-one --all-users "${asks[@]}"
  mv output "all-$ranks"
done
check 'on any number of ranks' cmp all-1 all-3
check 'of all users' cmp <(grep '^300,' told) <(grep '^300,' all-1)
trainer_on 1 recommend of-one --user 7 "${asks[@]}" --query age=27
check 'what is given is not looked up' cmp <(grep '^7,' told) <(tail -n +2 output)
refuses_on 1 3 "users of the queries are not in this file, such as 'nobody'. Say with --query what their age and country is" \
  recommend of-one --user nobody "${asks[@]}"
mv users.csv away.csv
refuses_on 1 2 'add --query age=NUMBER --query country=TEXT' recommend of-one --user 7 "${asks[@]}"
mv away.csv users.csv

# Refusals.
refuses 2 'there is no column "colour". The columns are' train --ratings whole.csv --columns user=uid,item=sku --query-feature colour:lookup
check 'the columns that are there' grep -q 'not read: when, device, price' errors
refuses 3 "no column 'nobody' for the user; the first line names when, uid" train --ratings whole.csv --columns user=nobody,item=sku
refuses 3 'part-1.csv: is given twice' train --ratings part-1.csv 'part-*.csv' --columns user=uid,item=sku
refuses 3 'none that this pattern fits' train --ratings 'none-*.csv'
refuses 2 'user is there twice' train --ratings whole.csv --columns user=uid,user=sku
head -c 30000 whole.csv.gz >torn.csv.gz
refuses 3 'gzip -t torn.csv.gz' train --ratings torn.csv.gz --columns user=uid,item=sku
sed -i '/^7,/d' users.csv
refuses 3 "users of the interactions are not in this file, such as '7'" train --ratings whole.csv "${model[@]}"
finish
