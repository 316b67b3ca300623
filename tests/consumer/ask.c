/* The same as ask.cpp by the interface for C.
 *   ask_c CHECKPOINT USER TIMESTAMP */
#include <gemel/gemel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;

static void expect(int condition, const char* what) {
  if (condition) return;
  fprintf(stderr, "FAILED: %s (last error: %s)\n", what, gemel_last_error());
  ++failures;
}

static void refused(const void* answer, int code, const char* words) {
  expect(answer == NULL && gemel_last_error_code() == code && strstr(gemel_last_error(), words) != NULL,
         words);
}

/* Prints a list and frees it. */
static void print(const char* name, gemel_list* list) {
  expect(list != NULL, name);
  if (list == NULL) return;
  for (size_t i = 0; i < list->size; ++i)
    printf("%s,%zu,%s,%.9g\n", name, i + 1, list->items[i].id, (double)list->items[i].score);
  gemel_free_list(list);
}

/* The id of the item in a row. */
static char* id_of(const gemel_list* all, int64_t row) {
  for (size_t i = 0; i < all->size; ++i)
    if (all->items[i].row == row) return strcpy(malloc(strlen(all->items[i].id) + 1), all->items[i].id);
  return NULL;
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const char* names[] = {"user_id", "timestamp", "user_id"};
  const char* values[] = {argv[2], argv[3], argv[2]};
  gemel_model* model = gemel_open(argv[1], 1);
  expect(model != NULL, "the checkpoint is opened");
  const size_t catalogue = (size_t)gemel_items(model);

  gemel_ranking ranking;
  memset(&ranking, 0, sizeof ranking);
  ranking.keep_seen = 1;
  gemel_list* all = gemel_recommend(model, names, values, 2, catalogue + 5, &ranking);
  if (all == NULL || all->size != catalogue) return 1;
  char* ids[] = {id_of(all, 3), id_of(all, 5), id_of(all, 7), id_of(all, 2)};
  const char* allow[] = {ids[0], ids[1], "none such", ids[2]};
  const char* leave_out[] = {ids[1]};

  print("best", gemel_recommend(model, names, values, 2, 10, NULL));
  print("all", all);
  ranking.allow = allow;
  ranking.allow_size = 4;
  ranking.leave_out = leave_out;
  ranking.leave_out_size = 1;
  print("some", gemel_recommend(model, names, values, 2, 10, &ranking));
  print("similar", gemel_similar(model, ids[3], 10, GEMEL_COSINE));
  print("dot", gemel_similar(model, ids[3], catalogue, GEMEL_DOT));

  const char* unknown[] = {"nobody", argv[3]};
  gemel_list* list = gemel_recommend(model, names, unknown, 2, 3, NULL);
  expect(
      list != NULL && list->size == 3 && list->unknown_size == 1 && strcmp(list->unknown[0], "user_id") == 0,
      "an unknown user is answered and marked");
  gemel_free_list(list);
  float* vector = malloc((size_t)gemel_dim(model) * sizeof(float));
  expect(gemel_query_vector(model, names, values, 2, vector) == 0 &&
             gemel_item_vector(model, ids[3], vector) == 0,
         "vectors");

  refused(gemel_open("nowhere", 1), 4, "nowhere");
  refused(gemel_open(NULL, 1), 2, "path is NULL");
  refused(gemel_recommend(NULL, names, values, 2, 3, NULL), 2, "model is NULL");
  refused(gemel_recommend(model, NULL, values, 2, 3, NULL), 2, "names is NULL");
  refused(gemel_recommend(model, names, values, 2, 0, NULL), 2, "k = 0");
  refused(gemel_recommend(model, names + 1, values + 1, 1, 3, NULL), 2, "user_id=TEXT");
  refused(gemel_recommend(model, names, values, 3, 3, NULL), 2, "once");
  refused(gemel_similar(model, "none such", 3, GEMEL_COSINE), 3, "none such");
  refused(gemel_similar(model, ids[3], 3, 7), 2, "measure 7");
  expect(gemel_items(NULL) == -1 && gemel_dim(NULL) == -1, "no model");
  expect(
      gemel_query_vector(model, names, values, 2, NULL) == -1 && gemel_item_vector(model, NULL, vector) == -1,
      "no vector");
  gemel_free_list(NULL);
  gemel_close(NULL);

  free(vector);
  for (int i = 0; i < 4; ++i) free(ids[i]);
  gemel_close(model);
  return failures == 0 ? 0 : 1;
}
