# Reads C++ files, named from the project on, and complains of what floors.sh says. Fails if it had anything to say.
BEGIN {
  floors = "gemel 0  base 0  mpi 1  tensor 1  metering 1  hdf5 2  onednn 2  checkpoint 2  exchange 3  ingest 3  features 3" \
           "  model 4  options 4  learning 5  evaluation 6  step 6  plan 7  report 7  run 8  serving 8  library 9  cli 10"
  n = split(floors, words, /  */)
  for (i = 1; i < n; i += 2) floor[words[i]] = words[i + 1]
}
function complain(what) { print FILENAME ":" FNR ": " what; bad = 1 }
FNR == 1 {
  ++files
  room = FILENAME
  sub(/^(include|src)\//, "", room)
  # src/main.cpp lives on the floor of cli.
  if (!sub(/\/.*/, "", room)) room = "cli"
  if (!(room in floor)) complain("the room " room "/ has no floor: give it one in tests/house/floors.awk")
}
# Whose compiler flags are for it; random numbers are integers, which these leave alone.
/^GEMEL_VECTORIZE/ && room != "tensor" && FILENAME != "src/base/random.cpp" {
  complain("GEMEL_VECTORIZE belongs under tensor/ only")
}
!/^[ \t]*#[ \t]*include/ { next }
{
  header = $0
  sub(/^[^<"]*[<"]/, "", header)
  sub(/[>"].*/, "", header)
}
header ~ /^mpi(\.h$|-ext)/ && room != "mpi" { complain("<" header "> belongs under mpi/ only") }
header ~ /^(hdf5|H5.*)\.h$/ && room != "hdf5" { complain("<" header "> belongs under hdf5/ only") }
header ~ /^onnx/ && FILENAME != "src/serving/onnx_graph.cpp" { complain("<" header "> belongs to src/serving/onnx_graph.cpp only") }
header ~ /dnnl/ && room != "onednn" { complain("<" header "> belongs under onednn/ only") }
# What is generated while building, and the file beside this one, need no room.
!/"/ || header !~ /\// { next }
{
  other = header
  sub(/\/.*/, "", other)
  if (header !~ /^[a-z0-9]/ || !(other in floor)) complain("includes \"" header "\": name headers by their room")
  else if (floor[other] > floor[room])
    complain(room "/ is on floor " floor[room] " and includes " header ", of floor " floor[other])
  else if (room == "gemel" && other != "gemel") complain("a public header includes " header ", which is not installed")
}
END {
  if (files == 0) { print "no source files found"; bad = 1 }
  exit bad
}
