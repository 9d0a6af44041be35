// How the vectors of a graph lie in memory, and how far apart they are.
//
// A row of codes takes the same number of bytes everywhere. SQ8, SQ4U and Int8 rows are padded to
// whole cache lines, so that a row never shares one. COSINE keeps normalised vectors, whose
// inner product is the cosine; a zero vector stays one.
//
// SQ8 stores round((x - offset) / scale) as an int8, with one scale for all components. Under L2
// every component has its own offset, which distances do not notice; otherwise there is none. So
// distances between codes are whole numbers, the same on every processor.
//
// SQ4U stores it as four bits, 8 added, and has offsets under every metric: its rows are compared
// with queries of 8 bits only (simd::Int4Kernels), and what an offset adds to the products of a
// query it adds to all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "vecdb/types.h"

#include "chunk/column_view.h"
#include "index/index.h"

namespace vecdb::index {

inline constexpr std::size_t kCodeAlignment = 64;

struct CodeFormat {
  Codec codec = Codec::kFloat32;
  Metric metric = Metric::kL2;
  std::uint32_t dimension = 0;

  std::size_t padded() const;  // components that a row has room for
  std::size_t stride() const;  // bytes from row to row
  bool quantized() const { return codec == Codec::kSq8 || codec == Codec::kSq4U; }
};

// A codec that can keep vectors of this type under this metric; what a graph is asked for need not
// be what it gets: normalised int8 vectors are not int8.
Codec StoredCodec(const Shape& shape, Codec codec);

// How numbers become codes; for other codecs than SQ8 and SQ4U nothing of it is used.
struct Quantizer {
  float scale = 1;
  std::vector<float> offset;  // one a component
};

// The scale and offsets with which a sample of vectors (rows * dimension numbers, normalised under
// COSINE) loses least.
Quantizer TrainQuantizer(const CodeFormat& format, std::span<const float> sample);

// Row i of `view` as floats, normalised under COSINE.
void RowAsFloats(const chunk::ColumnView& view, std::size_t i, Metric metric, float* out);

// Writes the code of a row: stride() bytes, padding included.
class Encoder {
 public:
  Encoder(const CodeFormat& format, const Quantizer& quantizer)
      : format_(format), quantizer_(quantizer), floats_(format.dimension) {}

  void Encode(const chunk::ColumnView& view, std::size_t i, std::byte* out);
  // No code so far has lost anything; of SQ8 and SQ4U only.
  bool exact() const { return exact_; }

 private:
  const CodeFormat& format_;
  const Quantizer& quantizer_;
  std::vector<float> floats_;
  bool exact_ = true;
};

// A query as the kernels of a code space take it: floats, or whole numbers.
struct EncodedQuery {
  std::vector<float> floats;
  std::vector<std::int8_t> bytes;
  bool exact = false;  // the bytes are SQ8 codes under L2, and say the query exactly
};
void EncodeQuery(const CodeFormat& format, const Quantizer& quantizer, const QueryVector& query,
                 EncodedQuery* out);

// The numbers that a code stands for.
void DecodeRow(const CodeFormat& format, const Quantizer& quantizer, const std::byte* code,
               std::span<float> out);

void Normalize(std::span<float> v);

}  // namespace vecdb::index
