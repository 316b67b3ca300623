# Reads C++ files, named from the project on, and complains of what floors.sh says. Fails if it had anything to say.
BEGIN {
  floors = "base 0  mpi 1  tensor 1  hdf5 2  onednn 2  exchange 3  ingest 3  model 4  learning 5" \
           "  evaluation 6  checkpoint 6  training 7  cli 8"
  n = split(floors, words, /  */)
  for (i = 1; i < n; i += 2) floor[words[i]] = words[i + 1]
}
function complain(what) { print FILENAME ":" FNR ": " what; bad = 1 }
FNR == 1 {
  ++files
  folder = FILENAME
  sub(/^(include\/gemel|src)\//, "", folder)
  # src/main.cpp lives on the floor of cli.
  if (!sub(/\/.*/, "", folder)) folder = "cli"
  if (!(folder in floor)) complain("the folder " folder "/ has no floor: give it one in tests/house/floors.awk")
}
!/^[ \t]*#[ \t]*include/ { next }
{
  header = $0
  sub(/^[^<"]*[<"]/, "", header)
  sub(/[>"].*/, "", header)
}
header ~ /^mpi(\.h$|\/|-ext)/ && folder != "mpi" { complain("<" header "> belongs under mpi/ only") }
header ~ /^(hdf5|H5.*)\.h$/ && folder != "hdf5" { complain("<" header "> belongs under hdf5/ only") }
header ~ /dnnl/ && folder != "onednn" { complain("<" header "> belongs under onednn/ only") }
header ~ /^gemel\// {
  other = header
  sub(/^gemel\//, "", other)
  sub(/\/.*/, "", other)
  if (!(other in floor)) complain("includes " header ", of a folder without a floor")
  else if (floor[other] > floor[folder])
    complain(folder "/ is on floor " floor[folder] " and includes " header ", of floor " floor[other])
  next
}
/"/ && header ~ /\// { complain("includes \"" header "\": name headers of gemel from gemel/ on") }
END {
  if (files == 0) { print "no source files found"; bad = 1 }
  exit bad
}
