#!/usr/bin/env bash
# Draws accuracy against epoch from the trainer's metrics files; --help explains.
#   launch/plot_accuracy.sh [OPTION...] LABEL=METRICS.jsonl...
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# Numbers with a point, whatever the user's language.
export LC_ALL=C.UTF-8

help() {
  cat <<'END'
Draws accuracy against epoch, as SVG or PNG, from the files that the trainer writes with --metrics-file.

  launch/plot_accuracy.sh [OPTION...] LABEL=METRICS.jsonl...

There is one line a label. A label that is given several times gets several files, say one a seed: the line is then their
mean, in a band from the least to the greatest, at the epochs that all of them have. The file of a run that was resumed
may have an epoch twice: the later one counts.

  -o, --output FILE         the picture, .svg or .png (accuracy.svg)
  --csv FILE                the drawn numbers, too: label, epoch, mean, min, max
  --metric NAME             what to draw: top_100, or another number of the "validation" events, like loss (top_100)
  --legend TITLE            what the labels are; also the name of the first column of the CSV file (layers)
  --reference VALUE[=TEXT]  a thin dashed line at VALUE, with TEXT beside it; may be repeated

For example, three seeds of one model and one of another:

  for seed in 42 43 44; do
    launch/local.sh --data data/ml-100k --layers 32 --seed $seed --metrics-file 32-$seed.jsonl
  done
  launch/local.sh --data data/ml-100k --layers 64,32 --metrics-file 64,32.jsonl
  launch/plot_accuracy.sh -o layers.svg 32=32-42.jsonl 32=32-43.jsonl 32=32-44.jsonl 64,32=64,32.jsonl

Needs gnuplot and jq (launch/install-deps.sh). The exit code is 2 when something cannot be drawn as asked.
END
}

refuse() {
  printf 'gemel: error: %s\n' "$*" >&2
  exit 2
}

output=accuracy.svg csv='' metric=top_100 legend=layers
references=()
labels=()           # each once, in the order of the arguments
declare -A files=() # label -> its files, each followed by a newline

# add_file LABEL=FILE
add_file() {
  local label=${1%%=*} file=${1#*=}
  [[ $1 == ?*=?* ]] || refuse "'$1' is neither an option nor LABEL=METRICS.jsonl; see $0 --help"
  [[ $1 != *[[:cntrl:]]* ]] || refuse "'$1': a label or a file's name may not have control characters"
  [[ -f $file && -r $file ]] || refuse "$file: there is no such file, or it cannot be read"
  [[ -v files[$label] ]] || labels+=("$label")
  files[$label]+=$file$'\n'
}

# add_reference VALUE[=TEXT]
add_reference() {
  local number='[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?'
  [[ $1 =~ ^$number(=.*)?$ && $1 != *[[:cntrl:]]* ]] || refuse "--reference takes VALUE or VALUE=TEXT, not '$1'"
  references+=("$1")
}

while (($# > 0)); do
  case $1 in
    -h | --help)
      help
      exit 0
      ;;
    -o | --output | --csv | --metric | --legend | --reference)
      [[ ${2-} ]] || refuse "$1 takes a value; see $0 --help"
      case $1 in
        -o | --output) output=$2 ;;
        --csv) csv=$2 ;;
        --metric) metric=$2 ;;
        --legend) legend=$2 ;;
        --reference) add_reference "$2" ;;
      esac
      shift
      ;;
    -*) refuse "there is no option $1; see $0 --help" ;;
    *) add_file "$1" ;;
  esac
  shift
done
((${#labels[@]} > 0)) || refuse "nothing to draw: give LABEL=METRICS.jsonl; see $0 --help"
[[ $legend != *[[:cntrl:]]* ]] || refuse "--legend may not have control characters"
case $output in
  *.svg) terminal="svg size 800,480 font 'Helvetica,Arial,sans-serif,14' background rgb 'white'" ;;
  *.png) terminal="pngcairo size 1600,960 font 'Sans,14' fontscale 1.5 linewidth 2 background rgb 'white'" ;;
  *) refuse "$output: the picture is .svg or .png" ;;
esac
for file in "$output" ${csv:+"$csv"}; do
  folder=$(dirname "$file")
  [[ -d $folder && -w $folder ]] || refuse "$file: its folder does not exist, or is not writable"
done
for program in gnuplot jq; do
  command -v "$program" >/dev/null || refuse "there is no $program: run launch/install-deps.sh, which installs it"
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# read_metric FILE: leaves lines "epoch value" in $scratch/values, in the order of the file.
read_metric() {
  local others numbers='select(.event == "validation") | with_entries(select(.value | type == "number"))'
  jq -r --arg metric "$metric" "$numbers | select(has(\$metric)) | \"\\(.epoch) \\(.[\$metric])\"" "$1" \
    >"$scratch/values" 2>"$scratch/complaint" || refuse "$1: not one JSON object a line: $(<"$scratch/complaint")"
  [[ ! -s $scratch/values ]] || return 0
  others=$(jq -r "$numbers | del(.epoch, .step) | keys_unsorted[]" "$1" | awk '!seen[$0]++' | paste -sd ' ')
  [[ $others ]] || refuse "$1: no \"validation\" event: is it a --metrics-file, and did the run get to a validation?"
  refuse "$1: no metric '$metric'; there are: $others"
}

# summarise FILES: from lines "file epoch value", of which a later one counts rather than an earlier, makes lines
# "epoch mean min max" for the epochs that all files have.
summarise() {
  awk -v files="$1" '
    { value[$1, $2] = $3; epochs[$2] }
    END {
      for (epoch in epochs) {
        sum = count = 0
        for (file = 1; file <= files; ++file) {
          if (!((file, epoch) in value)) continue
          x = value[file, epoch] + 0
          if (count++ == 0) min = max = x
          if (x < min) min = x
          if (x > max) max = x
          sum += x
        }
        if (count == files) printf "%d %.6g %.6g %.6g\n", epoch, sum / count, min, max
      }
    }' | sort -n
}

# csv_field TEXT: in quotes if it takes them.
csv_field() {
  case $1 in
    *[\",]*) printf '"%s"' "${1//\"/\"\"}" ;;
    *) printf '%s' "$1" ;;
  esac
}
gnuplot_string() { printf "'%s'" "${1//\'/\'\'}"; }

# Blue, vermilion, green, purple, orange, sky: the colour-blind tell them apart, too (Okabe and Ito).
colours=('#0072b2' '#d55e00' '#009e73' '#cc79a7' '#e69f00' '#56b4e9')
bands=()
lines=()
printf '%s,epoch,mean,min,max\n' "$(csv_field "$legend")" >"$scratch/csv"

# add_label NUMBER LABEL FILE...: appends the label's numbers to $scratch/csv, and what draws them to bands and lines.
add_label() {
  local number=$1 label=$2 runs=$(($# - 2)) run drawn epochs epoch values data colour style title=$2
  shift 2
  : >"$scratch/all"
  for ((run = 1; run <= runs; ++run)); do
    read_metric "${!run}"
    sed "s/^/$run /" "$scratch/values" >>"$scratch/all"
  done
  summarise "$runs" <"$scratch/all" >"$scratch/$number"

  drawn=$(wc -l <"$scratch/$number")
  epochs=$(cut -d ' ' -f 2 "$scratch/all" | sort -u | wc -l)
  ((drawn > 0)) || refuse "$label: its $runs files have no epoch in common"
  if ((drawn < epochs)); then say "$label: drawing the $drawn epochs that all of its $runs files have, of $epochs" >&2; fi
  while read -r epoch values; do
    printf '%s,%s,%s\n' "$(csv_field "$label")" "$epoch" "${values// /,}"
  done <"$scratch/$number" >>"$scratch/csv"

  data=$(gnuplot_string "$scratch/$number")
  colour="linecolor rgb '${colours[number % ${#colours[@]}]}'"
  if ((runs > 1)); then
    title="$label ($runs runs)"
    bands+=("$data using 1:3:4 with filledcurves fillstyle transparent solid 0.18 noborder $colour notitle")
  fi
  style="lines linewidth 1.8 dashtype $((number / ${#colours[@]} + 1))"
  if ((drawn == 1)); then style='points pointtype 7'; fi
  lines+=("$data using 1:2 with $style $colour title $(gnuplot_string "$title")")
}

for i in "${!labels[@]}"; do
  mapfile -t label_files <<<"${files[${labels[i]}]%$'\n'}"
  add_label "$i" "${labels[i]}" "${label_files[@]}"
done

# The legend is where the curves do not end.
axis=${metric//_/ } corner=bottom
case $metric in
  top_*) axis="top-${metric#top_} accuracy" ;;
  loss) corner=top ;;
esac

# Prints the gnuplot program. Reference lines have their texts at the right of the frame, where no curve is.
gnuplot_program() {
  local reference value text longest=0
  cat <<END
set terminal $terminal noenhanced
set encoding utf8
set output $(gnuplot_string "$scratch/picture")
set border 3 linecolor rgb '#606060'
set tics nomirror out textcolor rgb '#303030'
set grid ytics linetype 1 linewidth 0.5 linecolor rgb '#e4e4e4'
set xlabel 'epoch'
set ylabel $(gnuplot_string "$axis")
set xrange [0:*]
set autoscale fix
set offsets 0, 0, graph 0.04, graph 0.02
set key $corner right reverse Left samplen 2 spacing 1.25 title $(gnuplot_string "$legend") left
END
  for reference in "${references[@]}"; do
    value=${reference%%=*} text=
    if [[ $reference == *=* ]]; then text=${reference#*=}; fi
    if ((${#text} > longest)); then longest=${#text}; fi
    echo "set label $(gnuplot_string "$text") at graph 1.015, first $value left textcolor rgb '#606060' font ',12'"
    lines+=("$value with lines linewidth 0.8 linecolor rgb '#808080' dashtype (8, 6) notitle")
  done
  if ((longest > 0)); then echo "set rmargin $longest"; fi
  printf 'plot '
  printf '%s, ' "${bands[@]}" "${lines[@]}"
}

gnuplot_program >"$scratch/program"
gnuplot "$scratch/program" >"$scratch/complaint" 2>&1 || fail "gnuplot failed: $(<"$scratch/complaint")"
# gnuplot closes the picture when it ends; written here only now, so that an error leaves an earlier one whole.
cat "$scratch/picture" >"$output"
if [[ $csv ]]; then cat "$scratch/csv" >"$csv"; fi
say "drew $metric of ${#labels[@]} labels in $output${csv:+, its numbers are in $csv}"
