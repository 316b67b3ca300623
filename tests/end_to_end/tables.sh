#!/usr/bin/env bash
# The same ratings and films in every layout that is recognised, and by --items: the same checkpoint, on any number of ranks.
#   tables.sh TRAINER SOURCE_DIRECTORY
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need h5diff
draw_ratings
mkdir dat csv recbole yelp amazon
genres=(unknown Action Adventure Animation "Children's" Comedy Crime Documentary Drama Fantasy Film-Noir Horror Musical Mystery
  Romance Sci-Fi Thriller War Western)
# items SEPARATOR: id, title and genres of each film, titles in quotes between commas.
items() {
  awk -F '|' -v separator="$1" -v names="$(IFS='|' && echo "${genres[*]}")" '
    BEGIN { split(names, name, "|") }
    {
      line = ""
      for (i = 1; i <= 19; ++i) if ($(5 + i)) line = line (line ? "|" : "") name[i]
      if (separator == ",") gsub(/"/, "\"\"", $2)
      title = separator == "," ? "\"" $2 "\"" : $2
      print $1 separator title separator line
    }' "$data/u.item"
}
sed 's/\t/::/g' "$data/u.data" >dat/ratings.dat
items :: >dat/movies.dat
{ echo userId,movieId,rating,timestamp && tr '\t' , <"$data/u.data"; } >csv/ratings.csv
{ echo movieId,title,genres && items ,; } >csv/movies.csv
{ printf 'user_id:token\titem_id:token\trating:float\ttimestamp:float\n' && cat "$data/u.data"; } >recbole/films.inter
{ printf 'item_id:token\tmovie_title:token_seq\tgenres:token_seq\n' && items $'\t'; } >recbole/films.item
# objects KEY... : of lines with tabs, JSON Lines; the last field as a list.
objects() {
  awk -F '\t' -v keys="$*" '
    BEGIN { count = split(keys, key, " ") }
    {
      line = "{\"kind\":{\"of\":1}"
      gsub(/"/, "\\\"")
      gsub(/\|/, "\",\"", $count)
      for (i = 1; i < count; ++i) line = line ",\"" key[i] "\":\"" $i "\""
      print line ",\"" key[count] "\":[" ($count ? "\"" $count "\"" : "") "]}"
    }'
}
objects user_id business_id stars date note <"$data/u.data" >yelp/the_review.json
items $'\t' | objects business_id name genres >yelp/the_business.json
touch yelp/the_tip.json
objects reviewerID asin overall unixReviewTime note <"$data/u.data" | gzip >amazon/Films.json.gz
items $'\t' | objects asin title genres >amazon/meta_Films.json
model=(--epochs 1 --layers 16 --query-feature user_id:lookup --candidate-feature title:lookup --candidate-feature 'genres:list(|)')
train 2 as-u.data --data "$data" "${model[@]}"
train 1 as-dat --data dat "${model[@]}"
train 2 as-csv --data csv "${model[@]}"
train 3 as-recbole --data recbole "${model[@]}"
train 2 as-yelp --data yelp "${model[@]}"
train 3 as-amazon --data amazon "${model[@]}"
train 2 as-items --train-file csv/ratings.csv --items csv/movies.csv "${model[@]}"
for other in dat csv recbole yelp amazon items; do
  code=0
  # What the files look like is part of the data's identity, and of nothing else.
  h5diff --exclude-path /run --exclude-path /data "$(newest as-u.data)" "$(newest "as-$other")" >difference 2>&1 || code=$?
  [[ $code == 0 && ! -s difference ]] || { cat difference && fail "$other differs from u.data"; }
done

# A run goes on with the files that it began with.
on 2 --checkpoint-dir as-items --resume auto --epochs 2 "${quiet[@]}"
check 'resumes' grep -q 'csv/movies.csv' errors

# What cannot be.
refuses 2 'goes with --ratings FILE' train --items csv/movies.csv --data csv
sed -i '/^100,/d' csv/movies.csv
refuses 3 "items of the interactions are not in this file, such as '100'" train --data csv
echo '5,Twice,Drama' >>csv/movies.csv
refuses 3 'expected an item id of its own; line 6 has the same' train --train-file csv/ratings.csv --items csv/movies.csv
refuses 3 'nothing-there' train --train-file csv/ratings.csv --items nothing-there
cp recbole/films.inter recbole/more.inter
refuses 3 'holds films.inter and more.inter' train --data recbole
finish
