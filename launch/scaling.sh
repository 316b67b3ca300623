#!/usr/bin/env bash
# Simulates a step of training on up to hundreds of nodes with SimGrid, and draws how it scales; --help explains.
#   launch/scaling.sh [--nodes LIST] [--gbits LIST] [--jobs LIST] [--network cards|flows] [--out DIR]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# Numbers with a point, whatever the user's language.
export LC_ALL=C.UTF-8

help() {
  cat <<'END_OF_HELP'
How training scales beyond the machines at hand: the exchanges of a step, as they are (src/exchange, src/mpi), run on simulated
nodes, under SimGrid's implementation of MPI. Computing is simulated time in proportion to its multiplications and additions.

  launch/scaling.sh [OPTION...]

  --nodes LIST     numbers of nodes, one rank and one lane each, up to 1024 (8,16,32,64,128,256,512)
  --gbits LIST     bandwidths of a node's link, in Gbit/s, each way (10,100)
  --jobs LIST      tutorial, strong, weak (all three)
  --gflops N       GFLOP/s that a node computes (100, as one core of a machine with AVX-512 does)
  --network HOW    cards: a node's card sends one message after the other, and receives so, too (the LogGP model);
                   flows: SimGrid's own network, which shares every link among the messages on it: hours for 512 nodes (cards)
  --out DIR        where scaling.csv and scaling.svg go (data/results)

The jobs: "tutorial", MovieLens 100K's sizes, layers 64,32 and a batch of 2048 examples; "strong", 1 million users, 100,000 items,
layers 256,128,64 and a batch of 16384, both shared by all nodes; "weak", the same with 2048 examples a node, up to 256 nodes
(more take more memory than 20 GB). Examples are made up, with popular items as in real data (Zipf's law). Messages take 5
microseconds, and each side's processor half a microsecond to begin one. Every node checks what it receives.

scaling.csv has a line for each simulation: job, gbits, nodes, batch; columns of the loss; how many of the four tables are sharded;
messages and bytes that a node sends in a step, and the bytes that the planner's formulas say (trainer plan); the step's time; the
time by formula (work, bytes at full bandwidth and messages, nothing overlapping); efficiency, which is work divided by the
step's time; and in milliseconds, as means over nodes, what the step consists of: work (towers and loss, which nodes share out
among them), other (computing that every node or every exchange adds), beginning messages, and waiting in each exchange. scaling.svg
shows steps and efficiencies; dashed is the formula.

  launch/scaling.sh --nodes 8,16,32 --gbits 25 --jobs strong --out results

Needs SimGrid (Debian: libsimgrid-dev) and gnuplot, which launch/install-deps.sh installs. The exit code is 2 when an option cannot
be or a program is missing, and 1 when something else fails.
Environment: GEMEL_BUILD, where to build (build/); GEMEL_SCALING, a simulation that is built already.
END_OF_HELP
}

refuse() {
  printf 'gemel: error: %s\n' "$*" >&2
  exit 2
}

nodes=8,16,32,64,128,256,512 gbits=10,100 jobs=tutorial,strong,weak gflops=100 network=cards out=$project_dir/data/results
while (($# > 0)); do
  option=$1
  case $option in
    -h | --help)
      help
      exit 0
      ;;
    --*=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
  esac
  case $1 in
    --nodes | --gbits | --jobs | --gflops | --network | --out)
      [[ ${2-} ]] || refuse "$1 takes a value; see $0 --help"
      declare "${1#--}=$2"
      shift 2
      ;;
    *) refuse "there is no option $option; see $0 --help" ;;
  esac
done
for option in nodes gbits; do
  [[ ${!option} =~ ^[1-9][0-9]{0,3}(,[1-9][0-9]{0,3})*$ ]] ||
    refuse "--$option takes numbers with commas between them, not '${!option}'"
done
for number in ${nodes//,/ }; do
  ((number > 1 && number <= 1024)) || refuse "--nodes: from 2 to 1024 nodes can be simulated, not $number"
done
[[ $gflops =~ ^[1-9][0-9]*$ ]] || refuse "--gflops takes a number from 1 on, not '$gflops'"
[[ $jobs =~ ^(tutorial|strong|weak)(,(tutorial|strong|weak))*$ ]] || refuse "--jobs takes tutorial, strong and weak, not '$jobs'"
jobs=$(tr , '\n' <<<"$jobs" | awk '!seen[$0]++' | paste -sd ,)
[[ $network == cards || $network == flows ]] || refuse "--network takes cards or flows, not '$network'"
[[ -d $out && -w $out ]] || refuse "--out: $out is not there, or not writable"
for program in smpirun smpicxx gnuplot; do
  command -v "$program" >/dev/null || refuse "there is no $program: run launch/install-deps.sh, which installs it"
done

program=${GEMEL_SCALING-}
if [[ ! $program ]]; then
  build simulation
  program=$(build_dir simulation)/scaling
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# simulate NODES GBITS OPTION...: prints the simulation's figures. All nodes are joined to one switch.
simulate() {
  local own=()
  if [[ $network == flows ]]; then own=(--flows); fi
  cat >"$scratch/platform.xml" <<END
<?xml version='1.0'?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1">
  <cluster id="cluster" prefix="node" suffix="" radical="0-$(($1 - 1))" speed="${gflops}Gf" bw="$2Gbps" lat="2.5us"/>
</platform>
END
  seq -f 'node%.0f' 0 "$(($1 - 1))" >"$scratch/hosts"
  smpirun -np "$1" -hostfile "$scratch/hosts" -platform "$scratch/platform.xml" --log=root.thres:critical \
    --cfg=network/model:CM02 --cfg=network/crosstraffic:0 --cfg=smpi/send-is-detached-thresh:0 \
    --cfg=smpi/simulate-computation:no --cfg=smpi/wtime:0 --cfg=smpi/iprobe:1e-7 --cfg=smpi/grow-injected-times:no \
    "$program" --gflops "$gflops" --gbits "$2" --latency 5e-6 --overhead 0.5e-6 "${own[@]}" "${@:3}" \
    2>"$scratch/output" || {
    cat "$scratch/output" >&2
    fail "the simulation of $1 nodes ended with an error; see above"
  }
}

# simulate_job JOB NODES GBITS
simulate_job() {
  case $1 in
    tutorial) simulate "$2" "$3" --users 943 --items 1682 --layers 64,32 --batch-size 2048 ;;
    strong) simulate "$2" "$3" --users 1000000 --items 100000 --layers 256,128,64 --batch-size 16384 ;;
    weak) simulate "$2" "$3" --users 1000000 --items 100000 --layers 256,128,64 --batch-size $((2048 * $2)) ;;
  esac
}

columns=nodes,batch,columns,sharded,messages,bytes,planned_bytes,step_ms,formula_ms,efficiency,work_ms,other_ms,messages_ms
columns+=,gather_ms,lookup_ms,share_ms,reduce_ms,dense_ms,rows_ms
echo "job,gbits,$columns" >"$scratch/scaling.csv"
printf '%-8s %8s %8s %10s %10s %12s\n' job Gbit/s nodes step/ms formula efficiency
for job in ${jobs//,/ }; do
  for rate in ${gbits//,/ }; do
    for number in ${nodes//,/ }; do
      if [[ $job == weak ]] && ((number > 256)); then continue; fi
      line=$(simulate_job "$job" "$number" "$rate")
      echo "$job,$rate,$line" >>"$scratch/scaling.csv"
      IFS=, read -r -a figures <<<"$line"
      printf '%-8s %8d %8d %10.2f %10.2f %12.2f\n' "$job" "$rate" "$number" "${figures[@]:7:3}"
    done
  done
done

# Blue, vermilion, green, purple, orange, sky: the colour-blind tell them apart, too (Okabe and Ito).
colours=('#0072b2' '#d55e00' '#009e73' '#cc79a7' '#e69f00' '#56b4e9')

# panel JOB COLUMN FORMULA: the curves of a job, one a bandwidth, and dashed its formula if that is a column.
panel() {
  local curves=() rate colour i=0
  for rate in ${gbits//,/ }; do
    grep "^$1,$rate," "$scratch/scaling.csv" >"$scratch/$1-$rate" || continue
    colour="linecolor rgb '${colours[i++ % ${#colours[@]}]}'"
    curves+=("'$scratch/$1-$rate' using 3:$2 with linespoints pointtype 7 pointsize 0.5 linewidth 1.8 $colour title '$rate Gbit/s'")
    if [[ $3 ]]; then
      curves+=("'$scratch/$1-$rate' using 3:$3 with lines linewidth 1 dashtype (8, 6) $colour notitle")
    fi
  done
  if ((${#curves[@]} == 0)); then
    echo 'set multiplot next'
  else
    printf 'plot '
    printf '%s, ' "${curves[@]}"
    echo
  fi
}

# Prints the gnuplot program: above the steps' times, below the efficiencies.
gnuplot_program() {
  local job
  local -A titles=([tutorial]='tutorial, batch 2048' [strong]='large, batch 16384' [weak]='large, 2048 examples a node')
  cat <<END
set terminal svg size 1000,600 font 'Helvetica,Arial,sans-serif,13' background rgb 'white' noenhanced
set output '$scratch/picture'
set datafile separator ','
set border 3 linecolor rgb '#606060'
set tics nomirror out textcolor rgb '#303030'
set grid ytics linetype 1 linewidth 0.5 linecolor rgb '#e4e4e4'
set key bottom left reverse Left samplen 2
set logscale x 2
set offsets graph 0.05, graph 0.05, 0, 0
set multiplot layout 2,$(wc -w <<<"${jobs//,/ }")
set logscale y
set ylabel 'ms a step'
END
  for job in ${jobs//,/ }; do
    echo "set title '${titles[$job]}'"
    panel "$job" 10 11
  done
  cat <<END
unset logscale y
unset title
unset key
set yrange [0:1]
set ylabel 'efficiency'
set xlabel 'nodes'
END
  for job in ${jobs//,/ }; do panel "$job" 12 ''; done
}

gnuplot_program >"$scratch/program"
gnuplot "$scratch/program" >"$scratch/complaint" 2>&1 || fail "gnuplot failed: $(<"$scratch/complaint")"
# Written only now, so that an error leaves earlier ones whole.
cat "$scratch/scaling.csv" >"$out/scaling.csv"
cat "$scratch/picture" >"$out/scaling.svg"
say "figures and curves are in $out/scaling.csv and $out/scaling.svg"
