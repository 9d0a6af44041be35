#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "vecdb/batch.h"

#include "api/c_call.h"
#include "api/c_objects.h"
#include "api/c_value.h"
#include "chunk/text.h"
#include "chunk/validate.h"

namespace vecdb::api {

namespace {

struct Column {
  std::string_view field;
  std::size_t rows = 0;
  std::span<const std::uint8_t> valid;

  bool IsNull(std::size_t row) const { return !valid.empty() && valid[row] == 0; }
};

Status CheckFlag(std::uint8_t number, std::string_view what, std::size_t row) {
  if (number <= 1) return Status();
  return base::InvalidArgument("{} is {} in row {}; a flag is 0 or 1", what, number, row);
}

// What every column brings besides its values. More rows than a batch holds are refused here, ahead
// of the copies that some kinds of values need.
Result<Column> ColumnOf(const vecdb_text& field, std::size_t rows, const std::uint8_t* valid) {
  Column column;
  VECDB_TRY_ASSIGN(column.field, Lent(field, "field"));
  if (rows > chunk::kMaxBatchRows) {
    return base::InvalidArgument("a batch holds at most {} rows, field {} brings {}",
                                 chunk::kMaxBatchRows, chunk::Quoted(column.field), rows);
  }
  column.rows = rows;
  if (valid != nullptr) column.valid = {valid, rows};
  for (std::size_t row = 0; row < column.valid.size(); ++row) {
    VECDB_TRY(CheckFlag(column.valid[row], "valid", row));
  }
  return column;
}

// Calls that bring a column whose values C++ takes as they are.
template <typename T>
vecdb_code AddPlain(vecdb_batch* batch, const vecdb_text& field, const T* values, std::size_t rows,
                    const std::uint8_t* valid, vecdb_error* error) noexcept {
  return CallUsing<BatchObject>(batch, error, [&](BatchObject& o) -> Status {
    VECDB_TRY_ASSIGN(const Column column, ColumnOf(field, rows, valid));
    VECDB_TRY_ASSIGN(const std::span<const T> lent, Lent(values, rows, "values"));
    return o.batch->AddColumn(column.field, lent, column.valid);
  });
}

// Calls that bring vectors as C++ takes them: `count` numbers, one vector after the other.
template <typename T>
vecdb_code AddVectors(vecdb_batch* batch, const vecdb_text& field, const T* row_major,
                      std::size_t count, vecdb_error* error) noexcept {
  return CallUsing<BatchObject>(batch, error, [&](BatchObject& o) -> Status {
    VECDB_TRY_ASSIGN(const std::string_view name, Lent(field, "field"));
    VECDB_TRY_ASSIGN(const auto numbers, Lent(row_major, count, "row_major"));
    return o.batch->AddVectors(name, numbers);
  });
}

// The arrays of a column, all of elements T; null where there is none.
template <typename T>
Status AddArraysOf(Batch& batch, std::string_view field, std::span<const ValueView> values) {
  std::vector<std::span<const T>> arrays(values.size());
  std::vector<std::uint8_t> valid(values.size(), 0);
  for (std::size_t row = 0; row < values.size(); ++row) {
    const auto* array = std::get_if<std::span<const T>>(&values[row]);
    if (array == nullptr && values[row].index() != 0) {
      return base::InvalidArgument("field {}: row {} is no array of what those before it hold",
                                   chunk::Quoted(field), row);
    }
    if (array == nullptr) continue;
    arrays[row] = *array;
    valid[row] = 1;
  }
  return batch.AddColumn(field, std::span<const std::span<const T>>(arrays), valid);
}

// The kind that a column of arrays is of: that of the first array, else, with nothing but nulls,
// that of the field.
vecdb_kind KindOfArrays(const Batch& batch, std::string_view field,
                        std::span<const vecdb_value> arrays) {
  for (const vecdb_value& array : arrays) {
    if (array.kind != VECDB_VALUE_NULL) return array.kind;
  }
  const Field* described = batch.schema().Find(field);
  const DataType element = described == nullptr ? DataType::kInt64 : described->element_type;
  if (element == DataType::kBool) return VECDB_VALUE_BOOLS;
  if (element == DataType::kVarChar) return VECDB_VALUE_TEXTS;
  const bool real = element == DataType::kFloat || element == DataType::kDouble;
  return real ? VECDB_VALUE_DOUBLES : VECDB_VALUE_INT64S;
}

Status AddArrays(Batch& batch, std::string_view field, std::span<const ValueView> values,
                 vecdb_kind kind) {
  switch (kind) {
    case VECDB_VALUE_BOOLS:
      return AddArraysOf<bool>(batch, field, values);
    case VECDB_VALUE_INT64S:
      return AddArraysOf<std::int64_t>(batch, field, values);
    case VECDB_VALUE_DOUBLES:
      return AddArraysOf<double>(batch, field, values);
    case VECDB_VALUE_TEXTS:
      return AddArraysOf<std::string_view>(batch, field, values);
    default:  // a number of the caller's, not an enum
      return base::InvalidArgument("field {}: a value of kind {} is no array", chunk::Quoted(field),
                                   kind);
  }
}

}  // namespace
}  // namespace vecdb::api

using namespace vecdb;       // NOLINT(google-build-using-namespace): these functions are its C face
using namespace vecdb::api;  // NOLINT(google-build-using-namespace)

vecdb_code vecdb_batch_new(const vecdb_collection* collection, vecdb_batch** out,
                           vecdb_error* error) {
  return CallMaking<BatchObject>(out, error, [&](BatchObject& made) -> Status {
    VECDB_TRY_ASSIGN(const auto used, Use<CollectionObject>(collection));
    made.batch.emplace(*used->schema);
    return Status();
  });
}

vecdb_code vecdb_batch_free(vecdb_batch* batch) {
  return Free<BatchObject>(batch);
}

size_t vecdb_batch_rows(const vecdb_batch* batch) {
  return CountIn<BatchObject>(batch, [](BatchObject& o) { return o.batch->rows(); });
}

vecdb_code vecdb_batch_clear(vecdb_batch* batch, vecdb_error* error) {
  return CallUsing<BatchObject>(batch, error, [](BatchObject& o) {
    o.batch->Clear();
    return Status();
  });
}

vecdb_code vecdb_batch_add(vecdb_batch* batch, const vecdb_named_value* row, size_t values,
                           vecdb_error* error) {
  return CallUsing<BatchObject>(batch, error, [&](BatchObject& o) -> Status {
    VECDB_TRY_ASSIGN(const auto given, Lent(row, values, "row"));
    if (given.size() > chunk::kMaxFields) {
      return base::InvalidArgument("a row has at most {} values, this one has {}",
                                   chunk::kMaxFields, given.size());
    }
    Views views;
    std::vector<NamedValue> named;
    named.reserve(given.size());
    for (const vecdb_named_value& value : given) {
      VECDB_TRY_ASSIGN(const std::string_view field, Lent(value.field, "the name of a field"));
      const Result<ValueView> view = ViewOf(value.value, "the value", &views);
      if (!view.ok()) {
        return base::Annotate(view.status(), base::Format("field {}", chunk::Quoted(field)));
      }
      named.emplace_back(field, *view);
    }
    return o.batch->Add(named);
  });
}

vecdb_code vecdb_batch_bools(vecdb_batch* batch, vecdb_text field, const uint8_t* values,
                             size_t rows, const uint8_t* valid, vecdb_error* error) {
  return CallUsing<BatchObject>(batch, error, [&](BatchObject& o) -> Status {
    VECDB_TRY_ASSIGN(const Column column, ColumnOf(field, rows, valid));
    VECDB_TRY_ASSIGN(const auto lent, Lent(values, rows, "values"));
    const auto truths = std::make_unique<bool[]>(rows);
    for (std::size_t row = 0; row < rows; ++row) {
      if (column.IsNull(row)) continue;
      VECDB_TRY(CheckFlag(lent[row], "the value", row));
      truths[row] = lent[row] == 1;
    }
    return o.batch->AddColumn(column.field, std::span<const bool>(truths.get(), rows),
                              column.valid);
  });
}

vecdb_code vecdb_batch_int64s(vecdb_batch* batch, vecdb_text field, const int64_t* values,
                              size_t rows, const uint8_t* valid, vecdb_error* error) {
  return AddPlain(batch, field, values, rows, valid, error);
}

vecdb_code vecdb_batch_doubles(vecdb_batch* batch, vecdb_text field, const double* values,
                               size_t rows, const uint8_t* valid, vecdb_error* error) {
  return AddPlain(batch, field, values, rows, valid, error);
}

vecdb_code vecdb_batch_texts(vecdb_batch* batch, vecdb_text field, const vecdb_text* values,
                             size_t rows, const uint8_t* valid, vecdb_error* error) {
  return CallUsing<BatchObject>(batch, error, [&](BatchObject& o) -> Status {
    VECDB_TRY_ASSIGN(const Column column, ColumnOf(field, rows, valid));
    VECDB_TRY_ASSIGN(const auto lent, Lent(values, rows, "values"));
    std::vector<std::string_view> texts(rows);
    for (std::size_t row = 0; row < rows; ++row) {
      if (column.IsNull(row)) continue;
      VECDB_TRY_ASSIGN(texts[row], Lent(lent[row], "a text of the column"));
    }
    return o.batch->AddColumn(column.field, std::span<const std::string_view>(texts), column.valid);
  });
}

vecdb_code vecdb_batch_arrays(vecdb_batch* batch, vecdb_text field, const vecdb_value* arrays,
                              size_t rows, vecdb_error* error) {
  return CallUsing<BatchObject>(batch, error, [&](BatchObject& o) -> Status {
    VECDB_TRY_ASSIGN(const Column column, ColumnOf(field, rows, nullptr));
    VECDB_TRY_ASSIGN(const auto lent, Lent(arrays, rows, "arrays"));
    Views views;
    std::vector<ValueView> values;
    values.reserve(rows);
    for (const vecdb_value& array : lent) {
      VECDB_TRY_ASSIGN(ValueView view, ViewOf(array, "an array of the column", &views));
      values.push_back(view);
    }
    return AddArrays(*o.batch, column.field, values, KindOfArrays(*o.batch, column.field, lent));
  });
}

vecdb_code vecdb_batch_sparse(vecdb_batch* batch, vecdb_text field, const vecdb_sparse* vectors,
                              size_t rows, vecdb_error* error) {
  return CallUsing<BatchObject>(batch, error, [&](BatchObject& o) -> Status {
    VECDB_TRY_ASSIGN(const Column column, ColumnOf(field, rows, nullptr));
    VECDB_TRY_ASSIGN(const auto lent, Lent(vectors, rows, "vectors"));
    std::vector<SparseView> views(rows);
    for (std::size_t row = 0; row < rows; ++row) {
      VECDB_TRY_ASSIGN(views[row], ViewOf(lent[row], "a vector of the column"));
    }
    return o.batch->AddSparse(column.field, views);
  });
}

vecdb_code vecdb_batch_halves(vecdb_batch* batch, vecdb_text field, const uint16_t* row_major,
                              size_t count, vecdb_error* error) {
  return AddVectors(batch, field, row_major, count, error);
}

vecdb_code vecdb_batch_int8s(vecdb_batch* batch, vecdb_text field, const int8_t* row_major,
                             size_t count, vecdb_error* error) {
  return AddVectors(batch, field, row_major, count, error);
}

vecdb_code vecdb_batch_bits(vecdb_batch* batch, vecdb_text field, const uint8_t* row_major,
                            size_t bytes, vecdb_error* error) {
  return AddVectors(batch, field, row_major, bytes, error);
}

vecdb_code vecdb_batch_floats(vecdb_batch* batch, vecdb_text field, const float* row_major,
                              size_t count, vecdb_error* error) {
  return AddVectors(batch, field, row_major, count, error);
}
