#!/usr/bin/env bash
# The commands that the pages show can be run as they stand. Trainings are cut short: an epoch for every twenty, and on drawn data. What
# runs elsewhere, a cluster's or PyTorch's, has to be there and to explain itself; the trainer's options behind it are run here.
#   pages.sh TRAINER SOURCE_DIRECTORY
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need jq
need gnuplot
need_python numpy h5py xxhash faiss
draw_ratings

# The places that the pages name.
mkdir -p page/launch/recipes page/data/results tools
ln -s "$data" page/data/ml-100k
cp "$source_directory"/launch/recipes/*.ini page/launch/recipes
{ echo user,item,rating,timestamp && tr '\t' , <"$data/u.data"; } >page/ratings.csv
{ echo ts,uid,sku,device && awk -F '\t' '{ print $4 "," $1 "," $2 "," ($1 % 2 ? "tv" : "phone") }' "$data/u.data"; } |
  gzip >page/part-1.csv.gz
{ echo sku,title && awk -F '|' '{ gsub(/"/, "\"\"", $2); print $1 ",\"" $2 "\"" }' "$data/u.item"; } >page/items.csv
awk '{ part = NR % 5 ? "train" : "test"; items[part, $1] = items[part, $1] " " $2; users[$1] }
  END { for (u in users) { print u items["train", u] >"page/train.txt"; print u items["test", u] >"page/test.txt" } }' "$data/u.data"

# The programs that they name. run_trainer RANKS ARGUMENT...: with fewer epochs.
cat >tools/run_trainer <<'TOOL'
#!/usr/bin/env bash
set -euo pipefail
ranks=$1
shift
arguments=("$@")
# Another command than train; one that plans needs one rank.
case ${arguments[0]-train} in
  train | -*) ;;
  plan) exec "$TRAINER" "${arguments[@]}" ;;
  *) exec "$MPIRUN" --oversubscribe --bind-to none -n "$ranks" "$TRAINER" "${arguments[@]}" ;;
esac
has_epochs=
for ((i = 0; i < ${#arguments[@]}; ++i)); do
  [[ ${arguments[i]} == --epochs ]] && has_epochs=1 && arguments[i + 1]=$(((arguments[i + 1] + 19) / 20))
  [[ ${arguments[i]} == --resume ]] && has_epochs=1
done
[[ $has_epochs ]] || arguments+=(--epochs 1)
exec "$MPIRUN" --oversubscribe --bind-to none -n "$ranks" "$TRAINER" "${arguments[@]}"
TOOL
# Drops what is before the trainer, but for the ranks, which are at most 4 here.
cat >tools/mpirun <<'TOOL'
#!/usr/bin/env bash
ranks=2
while (($# > 0)) && [[ $1 != trainer ]]; do
  [[ $1 != -n ]] || ranks=$(($2 < 4 ? $2 : 4))
  shift
done
shift
exec run_trainer "$ranks" "$@"
TOOL
cp tools/mpirun tools/srun
cat >page/launch/local.sh <<'TOOL'
#!/usr/bin/env bash
ranks=2
if [[ $1 == -n ]]; then ranks=$2 && shift 2; fi
exec run_trainer "$ranks" "$@"
TOOL
printf '#!/usr/bin/env bash\nexec run_trainer 1 "$@"\n' >tools/trainer
mkdir page/launch/serving
cp "$source_directory"/launch/gemel_checkpoint.py page/launch
cp "$source_directory"/launch/serving/faiss_search.py page/launch/serving
for script in quickstart test benchmark cluster-test serving/nightly; do  # run by tests of their own, or by people
  printf '#!/usr/bin/env bash\n"%s/launch/%s.sh" --help >/dev/null\n' "$source_directory" "$script" >"page/launch/$script.sh"
done
cat >tools/sbatch <<'TOOL'
#!/usr/bin/env bash
test -f "$PROJECT/$1" && shift && run_trainer 2 "$@"
TOOL
cp tools/sbatch tools/qsub
ln -s "$source_directory/launch/plot_accuracy.sh" "$source_directory/launch/common.sh" page/launch
printf '#!/usr/bin/env bash\nexec %s "$@"\n' "$(command -v "$python")" >tools/python3
chmod +x tools/* page/launch/{local,quickstart,test,benchmark,cluster-test,serving/nightly}.sh
mpirun=$(command -v "${MPIEXEC:-mpirun}")
export TRAINER=$trainer MPIRUN=$mpirun PROJECT=$source_directory SCRATCH=data SLURM_ARRAY_TASK_ID=0

# run_block PAGE LINE CODES: the block exits with one of the codes.
run_block() {
  local code=0
  (cd page && PATH=$scratch/tools:$PATH timeout 200 bash -euo pipefail "$scratch/block" >"$scratch/output" 2>"$scratch/errors" </dev/null) ||
    code=$?
  [[ " $3 " == *" $code "* ]] || fail "$1:$2: exit code $code of: $(cat block)"
  rm -rf page/checkpoints
}

blocks=0
while read -r page; do
  while read -r line; do
    case $line in
      BLOCK*) codes=0 && number=${line#* } && : >block ;;
      SHOWN*) codes="0 2" && number=${line#* } && : >block ;;  # it may show an error of usage
      END) blocks=$((blocks + 1)) && run_block "$page" "$number" "$codes" ;;
      *) printf '%s\n' "$line" >>block ;;
    esac
  done < <(awk -f "$source_directory/tests/end_to_end/page_commands.awk" "$source_directory/$page")
done < <(cd "$source_directory" && find . -name '*.md' -not -path './build*' -not -path './data/*/*/*' | sort)
((blocks >= 8)) || fail "only $blocks blocks of commands were found"
finish
