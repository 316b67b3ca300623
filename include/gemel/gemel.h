/* gemel's models for programs in C, and through it for Python, Go, Node and others: open a checkpoint, ask for items.
 *
 * Strings are UTF-8 and end with a zero byte. Functions that answer NULL or -1 have failed: gemel_last_error() says why, and
 * gemel_last_error_code() has the number that the trainer would return to the shell (2 a wrong argument, 3 an item that is not there,
 * 4 a file that is no sound checkpoint). A model may be asked by any number of threads at once; it starts no MPI. */
#ifndef GEMEL_H
#define GEMEL_H

#include <stddef.h>
#include <stdint.h>

#include "gemel/export.hpp"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gemel_model gemel_model;

typedef struct gemel_item {
  const char* id;
  const char* label; /* its title */
  int64_t row;       /* of the catalogue, from 0 */
  float score;
} gemel_item;

/* An answer: items, best first, and the names of columns whose value the model has not learned. */
typedef struct gemel_list {
  size_t size;
  const gemel_item* items;
  size_t unknown_size;
  const char* const* unknown;
} gemel_list;

/* Which items are ranked. Zeros: all but those that the query's user has seen, as far as the checkpoint knows. */
typedef struct gemel_ranking {
  const char* const* allow; /* ids of the items that may be recommended; NULL: all */
  size_t allow_size;
  const char* const* leave_out; /* ids of items that may not */
  size_t leave_out_size;
  int keep_seen; /* not 0: also what the user has seen */
} gemel_ranking;

enum { GEMEL_COSINE = 0, GEMEL_DOT = 1 };

/* A checkpoint, or of a directory the newest sound one; `threads` share one query. Close it when no query is under way. */
GEMEL_API gemel_model* gemel_open(const char* path, int threads);
GEMEL_API void gemel_close(gemel_model* model);

/* The best k items for a query of `count` values, each with its column: {"user_id"}, {"42"}. `ranking` may be NULL. */
GEMEL_API gemel_list* gemel_recommend(const gemel_model* model, const char* const* names,
                                      const char* const* values, size_t count, size_t k,
                                      const gemel_ranking* ranking);
/* The k items that are most like the one with this id or label. */
GEMEL_API gemel_list* gemel_similar(const gemel_model* model, const char* id_or_label, size_t k, int measure);
GEMEL_API void gemel_free_list(gemel_list* list);

/* Items of the catalogue, width of the vectors; -1 for no model. Vectors go to `vector`, which has room for the width: 0, or -1. */
GEMEL_API int64_t gemel_items(const gemel_model* model);
GEMEL_API int64_t gemel_dim(const gemel_model* model);
GEMEL_API int gemel_query_vector(const gemel_model* model, const char* const* names,
                                 const char* const* values, size_t count, float* vector);
GEMEL_API int gemel_item_vector(const gemel_model* model, const char* id, float* vector);

/* Of the calling thread's last failure; "" and 0 before any. Valid until its next one. */
GEMEL_API const char* gemel_last_error(void);
GEMEL_API int gemel_last_error_code(void);

#ifdef __cplusplus
}
#endif

#endif
