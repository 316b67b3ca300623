#!/usr/bin/env bash
# launch/plot_accuracy.sh, on small metrics files, with the real jq and gnuplot.
#   plot_test.sh PROJECT
# shellcheck disable=SC2317  # the functions are called through check
set -uo pipefail
source "$(dirname "$0")/files.sh"
need jq jq
need gnuplot gnuplot-nox
plot_sh=$1/launch/plot_accuracy.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
failures=0

check() {
  if ! "${@:2}"; then
    printf 'FAILED: %s\n' "$1"
    sed 's/^/  | /' output
    failures=1
  fi
}
plot() {
  status=0
  "$plot_sh" "$@" >output 2>&1 </dev/null || status=$?
}
says() { grep -qF -- "$1" output; }
# refuses TEXT: an error that says TEXT, with exit code 2 and no picture.
refuses() { [[ $status == 2 && ! -e accuracy.svg ]] && grep -F 'gemel: error: ' output | grep -qF -- "$1"; }
is() { diff - "$1" >>output; }
holds() { grep -qF -- "$2" "$1"; }
holds_not() { ! holds "$@"; }
# run_of EPOCH:TOP_100...: a metrics file with these validations.
run_of() {
  local validation
  echo '{"event":"run","data":"made up","settings":{"layers":"32"}}'
  for validation; do
    echo '{"event":"epoch","epoch":'"${validation%:*}"',"loss":7.5,"top_100":0.9}'
    echo '{"event":"validation","epoch":'"${validation%:*}"',"step":8,"loss":7.25,"top_1":0.01,"top_100":'"${validation#*:}"'}'
  done
  echo '{"event":"summary","epoch":10,"top_100":0.9}'
}

run_of 5:0.125 10:0.25 >a
run_of 5:0.25 10:0.5 15:0.75 >b
run_of 5:0.75 10:0.75 5:0.375 >resumed
run_of 5:0.0625 >short

plot -o one.svg --csv one.csv 32=a
check "one file is drawn" test "$status" = 0
check "the picture is an SVG" holds one.svg '<svg'
check "the axes have names" holds one.svg '<text>top-100 accuracy</text>'
check "a file alone is not called a mean" holds_not one.svg 'runs)'
check "a file alone is its own mean, least and greatest" is one.csv <<'END'
layers,epoch,mean,min,max
32,5,0.125,0.125,0.125
32,10,0.25,0.25,0.25
END

plot -o several.svg --csv several.csv --legend 'our "runs"' 32=a 64,32=short 32=b 32=resumed
check "several files are drawn" test "$status" = 0
check "the epochs that only some files have are told" says '32: drawing the 2 epochs that all of its 3 files have, of 3'
check "the legend tells how many they are" holds several.svg '<text>32 (3 runs)</text>'
check "mean, least and greatest are over the files of a label" is several.csv <<'END'
"our ""runs""",epoch,mean,min,max
32,5,0.25,0.125,0.375
32,10,0.5,0.25,0.75
"64,32",5,0.0625,0.0625,0.0625
END

plot -o loss.svg --csv loss.csv --metric loss --reference "7.5=it's <here>" 32=b
check "another metric can be drawn" is loss.csv <<'END'
layers,epoch,mean,min,max
32,5,7.25,7.25,7.25
32,10,7.25,7.25,7.25
32,15,7.25,7.25,7.25
END
check "a reference line has its text" holds loss.svg ">it's &lt;here"
plot -o picture.png 32=b
check "PNG can be drawn" test "$(head -c 4 picture.png | tail -c 3)" = PNG

plot --help
check "help is no error" test "$status" = 0
check "help explains the metrics" says '--metric NAME'
plot
check "nothing to draw is an error" refuses 'give LABEL=METRICS.jsonl'
plot a
check "a file without a label is an error" refuses "'a' is neither an option nor LABEL=METRICS.jsonl"
plot --colour red 32=a
check "an unknown option is an error" refuses 'there is no option --colour'
plot 32=a --metric
check "an option without a value is an error" refuses '--metric takes a value'
plot --reference high 32=a
check "a reference that is no number is an error" refuses "not 'high'"
plot -o accuracy.pdf 32=a
check "another kind of picture is an error" refuses 'accuracy.pdf: the picture is .svg or .png'
plot --csv nowhere/numbers.csv 32=a
check "a folder that is not there is an error" refuses 'nowhere/numbers.csv: its folder does not exist'
plot 32=nothing.jsonl
check "a missing file is an error" refuses 'nothing.jsonl: there is no such file'
run_of >no_validation
plot 32=a 32=no_validation
check "a file without validations is an error" refuses 'no_validation: no "validation" event'
plot --metric top_7 32=a
check "an unknown metric is an error that lists the others" refuses "a: no metric 'top_7'; there are: loss top_1 top_100"
echo '{"event":"validation","epo' >torn
plot 32=torn
check "a file that is not JSON is an error" refuses 'torn: not one JSON object a line'
run_of 20:0.5 >later
plot 32=a 32=later
check "files without a common epoch are an error" refuses '32: its 2 files have no epoch in common'

echo earlier >kept.svg
plot -o kept.svg --metric top_7 32=a
check "an error leaves an earlier picture" test "$(<kept.svg)" = earlier

mkdir bin
for program in env bash dirname jq; do ln -s "$(command -v "$program")" bin; done
PATH=$scratch/bin plot 32=a
check "without gnuplot there is a remedy" refuses 'there is no gnuplot: run launch/install-deps.sh'

((failures == 0)) && echo "all plot checks passed"
exit "$failures"
