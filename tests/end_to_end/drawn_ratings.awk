# Writes u.data and u.item into `directory`, as MovieLens-100k has them: 943 users, 1682 items, 100000 ratings. They are drawn by a generator
# of its own, so that every awk draws the same.
function draw(n) {  # 0 .. n - 1
  state = (state * 1103515245 + 12345) % 2147483648
  return int(state / 65536 * n / 32768)
}
BEGIN {
  users = 943; items = 1682; ratings = 100000; genres = 19; state = 20260101
  split("Lost Silent Golden Last Hidden Broken Endless Little", first)
  split("Galaxy River Garden Winter Letter Harbor Mirror Summer Station Orbit", second)
  for (item = 1; item <= items; ++item) {
    line = item "|" first[1 + draw(8)] " " second[1 + draw(10)] " " draw(400) " (" 1930 + draw(69) ")|01-Jan-1995||"
    genre = draw(genres)
    other = draw(2 * genres)
    for (g = 0; g < genres; ++g) line = line "|" (g == genre || g == other)
    print line > (directory "/u.item")
  }
  for (i = 0; i < ratings; ++i) {
    user = 1 + i % users
    do {  # popular items have small numbers, and each user likes some part of the catalogue
      item = 1 + (int(draw(1000) * draw(1000) / 1000000 * items) + (user % 8) * 40) % items
    } while ((user, item) in rated)
    rated[user, item]
    print user "\t" item "\t" 1 + draw(5) "\t" 874724710 + draw(18561928) > (directory "/u.data")
  }
}
