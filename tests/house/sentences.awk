# Reads pages and complains of sentences of more than 30 words. Code counts as one word; tables, headings and transcripts are no sentences.
# Fails if it had anything to say.
function complain(sentence, words) { print page ": " words " words: " sentence; bad = 1 }
function check(    n, i, sentences, words, count) {
  gsub(/`[^`]*`/, "CODE", text)
  sub(/^ +/, "", text)
  n = split(text, sentences, /[.:;?!]\**[ ]+/)
  for (i = 1; i <= n; ++i) {
    count = split(sentences[i], words, /[ ]+/)
    if (count > 30) complain(sentences[i], count)
  }
  text = ""
}
FNR == 1 { check(); page = FILENAME; ++files }
/^(    |\||#|!)/ || /^[ \t]*$/ { check(); next }
/^[ \t]*([*-]|[0-9]+\.) / { check() }
{ sub(/^[ \t]+/, ""); text = text " " $0 }
END {
  check()
  if (files == 0) { print "no pages found"; bad = 1 }
  exit bad
}
