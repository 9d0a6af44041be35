/* The smallest program, from C: two books, one question. */
#include <stdio.h>
#include <vecdb/c.h>

static vecdb_error error;

/* Ends the program at the first failure. */
static int failed(vecdb_code code) {
  if (code != VECDB_OK) fprintf(stderr, "%s: %s\n", vecdb_code_name(code), error.message);
  return code != VECDB_OK;
}

int main(void) {
  vecdb_db* db = NULL;
  if (failed(vecdb_open(vecdb_text_of("library.vecdb"), NULL, &db, &error))) return 1;

  vecdb_schema* schema = NULL;
  vecdb_collection* books = NULL;
  vecdb_text id = vecdb_text_of("id");
  vecdb_text cover = vecdb_text_of("cover");
  if (failed(vecdb_schema_new(&schema, &error)) ||
      failed(vecdb_schema_primary_key(schema, id, VECDB_INT64, &error)) ||
      failed(vecdb_schema_vector(schema, cover, VECDB_FLOAT_VECTOR, 3, VECDB_COSINE, &error)) ||
      failed(vecdb_create_collection(db, vecdb_text_of("books"), schema, NULL, &books, &error)))
    return 1;

  const int64_t ids[2] = {1, 2};
  const float covers[6] = {1, 0, 0, /* red */ 0, 0, 1 /* blue */};
  vecdb_batch* shelf = NULL;
  if (failed(vecdb_batch_new(books, &shelf, &error)) ||
      failed(vecdb_batch_int64s(shelf, id, ids, 2, NULL, &error)) ||
      failed(vecdb_batch_floats(shelf, cover, covers, 6, &error)) ||
      failed(vecdb_upsert(books, shelf, NULL, NULL, &error)))
    return 1;

  const float orange[3] = {0.9F, 0.4F, 0};
  vecdb_search_request request;
  vecdb_search_request_init(&request, sizeof request);
  request.query = vecdb_value_floats(orange, 3);
  request.limit = 5;
  vecdb_rows* hits = NULL;
  if (failed(vecdb_search(books, &request, &hits, &error))) return 1;
  for (size_t i = 0; i < vecdb_rows_count(hits); ++i) {
    vecdb_key key;
    float score = 0;
    if (failed(vecdb_rows_key(hits, i, &key, &error)) ||
        failed(vecdb_rows_score(hits, i, &score, &error)))
      return 1;
    printf("book %lld at %.3f\n", (long long)key.integer, (double)score);
  }

  vecdb_rows_free(hits);
  vecdb_batch_free(shelf);
  vecdb_collection_free(books);
  vecdb_schema_free(schema);
  return failed(vecdb_close(db, &error));
}
