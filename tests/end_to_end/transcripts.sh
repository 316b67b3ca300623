#!/usr/bin/env bash
# What the pages show of a run is what the program prints today. A transcript is an indented block that begins with "$ " and a command;
# a line "..." stands for any lines.
#   transcripts.sh TRAINER SOURCE_DIRECTORY
# shellcheck disable=SC2317  # functions are called through check
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need_movielens

# transcript PAGE COMMAND: leaves the block of that page that begins with the command, without its indentation, in the file shown, and the
# command in the array command.
transcript() {
  awk -v start="    \$ $2" '
    index($0, start) == 1 { inside = 1 }
    inside && !/^    / && !/^$/ { exit }
    inside { sub(/^    /, ""); print }' "$source_directory/$1" | sed -e ':join' -e '/\\$/{N;s/\\\n *//;b join}' >shown
  read -ra command < <(head -n 1 shown)
  command=("${command[@]:1}")  # but "$"
  ((${#command[@]} > 0)) || fail "$1 has no transcript of $2"
}

# What a transcript shows beside the messages, and the messages without the time.
shown_output() { tail -n +2 shown | grep -vE '^[0-9:]{8} (info|warning): ' | trim; }
shown_messages() { sed -n 's/^[0-9:]\{8\} //p' shown; }

# Without blank lines, and without lengths and ends of blanks.
trim() { sed -E -e 's/ +/ /g; s/ $//; /^$/d'; }
# What differs from machine to machine: how long it takes, what the instruction set rounds, memory of the program; and where the data is.
mask() {
  sed -E -e "s|$movielens|/data/ml-100k|" -e 's/[0-9]+\.[0-9]+/N/g; s/[0-9]+ (training examples|%)/N \1/' \
    -e 's/^( ?[0-9]+ [0-9]+ N .*) [0-9]+$/\1 N/'
}

# follows EXPECTED PRINTED: the printed lines are the expected ones.
follows() {
  awk '
    NR == FNR { printed[++count] = $0; next }
    { sub(/^ /, "") }
    /^\.\.\.( |$)/ { any = 1; next }
    {
      do { ++at; line = printed[at]; sub(/^ /, "", line) } while (any && at <= count && line != $0)
      if (line != $0) { print "expected: " $0; print "printed:  " line; exit wrong = 1 }
      any = 0
    }
    END { if (!wrong && at < count && !any) { print "printed besides: " printed[at + 1]; wrong = 1 }; exit wrong }' "$2" "$1"
}

# The plan is exact, but for what the program itself takes.
transcript launch/README.md 'trainer plan'
command=("${command[@]/#data\/ml-100k/$movielens}")
"$trainer" "${command[@]:1}" >output 2>errors || fail "exit code $? of trainer plan"
of_program='/program and libraries/s/[0-9.]+ .B/N/'
shown_output | sed -E "$of_program" >expected
trim <output | sed -E "$of_program" >printed
check 'trainer plan prints what launch/README.md shows' follows expected printed

# So is what prepared data has.
transcript src/ingest/README.md 'trainer prepare'
command=("${command[@]/#data\/ml-100k/$movielens}")
"$trainer" "${command[@]:1}" >output 2>errors || fail "exit code $? of trainer prepare"
shown_output >expected
trim <output >printed
check 'trainer prepare prints what src/ingest/README.md shows' follows expected printed

# What is in data is exact.
transcript src/ingest/README.md 'trainer describe'
"$trainer" "${command[@]:1:2}" "$movielens" >output 2>errors || fail "exit code $? of trainer describe"
shown_output >expected
sed "s|$movielens|data/ml-100k|" output | trim >printed
check 'trainer describe prints what src/ingest/README.md shows' follows expected printed

# Of the first command, its shape: figures that have decimals differ.
transcript README.md 'launch/quickstart.sh'
mkdir project
cp -r "$source_directory/launch" project
(cd project && GEMEL_TRAINER=$trainer GEMEL_DATA=$movielens "${command[@]}") >output 2>errors </dev/null ||
  fail "exit code $? of the quickstart"
shown_output | mask >expected
sed "s|$trainer|build/release/trainer|" output | trim | mask >printed
check 'the quickstart prints what README.md shows' follows expected printed
check 'and says what it shows' diff <(shown_messages) <(sed "s/^[0-9:]\{8\} //; s|$movielens|/data/ml-100k|" errors)
# What it says to type next, but for further trainings.
mapfile -t lines < <(sed '1,/What to type next/d; / launch\//d' output)
((${#lines[@]} == 5)) || fail "${#lines[@]} commands to type next"
for line in "${lines[@]}"; do
  (cd project && bash -c "$line") >output 2>errors </dev/null || fail "exit code $? of: $line"
done
finish
