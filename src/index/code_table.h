// The codes of all rows of a segment, encoded while a graph is built.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "vecdb/status.h"

#include "index/codes.h"
#include "index/index.h"
#include "io/large_memory.h"

namespace vecdb::index {

class CodeTable {
 public:
  CodeTable(const CodeFormat& format, RowIndex rows)
      : format_(format), size_(format.stride() * rows), bytes_(io::NewLarge(size_), Free{size_}) {}

  const CodeFormat& format() const { return format_; }
  std::span<const std::byte> bytes() const { return {bytes_.get(), size_}; }
  std::byte* row(RowIndex i) { return bytes_.get() + std::size_t{i} * format_.stride(); }

 private:
  struct Free {
    std::size_t size;
    void operator()(std::byte* bytes) const { io::FreeLarge(bytes, size); }
  };

  CodeFormat format_;
  std::size_t size_;
  std::unique_ptr<std::byte, Free> bytes_;
};

// Trains on rows spread evenly over the source; quantizing formats only.
Result<Quantizer> TrainOn(const RowSource& source, const Shape& shape, const CodeFormat& format);

// Whether no row has lost anything.
Result<bool> EncodeRows(const RowSource& source, const Shape& shape, const Quantizer& quantizer,
                        const BuildContext& context, CodeTable* out);

// Runs the tasks as the context says, or here.
Status RunAll(const BuildContext& context, std::size_t tasks, const Task& task);

}  // namespace vecdb::index
