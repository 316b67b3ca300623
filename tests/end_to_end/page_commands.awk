# Prints the blocks of a page that are commands: indented lines whose first one begins with a program of ours, or with what runs several of
# them. Of a transcript only what stands behind "$ ". A block ends where text begins; it is printed between a line
# "BLOCK <line>", or "SHOWN <line>" for a transcript, and a line "END".
function flush_block() {
  if (is_command && !is_transcript) print "BLOCK " first_line "\n" block "END"
  block = ""; is_command = 0; is_transcript = 0; first_line = 0; continues = 0
}
/^    / {
  line = substr($0, 5)
  if (!first_line) {
    first_line = FNR
    is_transcript = line ~ /^\$ /
    is_command = line ~ /^(launch\/|trainer |mpirun |srun |sbatch |qsub |jq |for )/
  }
  if (is_transcript && (line ~ /^\$ / || continues)) {
    sub(/^\$ /, "", line)
    if (!continues) print "SHOWN " FNR
    print line
    continues = line ~ /\\$/
    if (!continues) print "END"
  }
  if (!is_transcript) block = block line "\n"
  next
}
/^$/ && first_line && !is_transcript { block = block "\n"; next }
{ flush_block() }
END { flush_block() }
