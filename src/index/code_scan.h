// The scan of the codes of all allowed rows for the nearest of them.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "vecdb/status.h"

#include "base/deadline.h"
#include "base/status.h"
#include "index/beam.h"
#include "index/index.h"
#include "simd/kernels.h"

namespace vecdb::index {

inline constexpr std::size_t kRowsAtOnce = 256;  // of a scan

// Which of the up to 64 rows from `first` on, a multiple of 64, and before `end` are allowed.
inline std::uint64_t AllowedBits(const AllowedRows* allowed, RowIndex first, RowIndex end) {
  const std::uint64_t word = allowed == nullptr ? ~std::uint64_t{0} : allowed->words[first / 64];
  return end - first < 64 ? word & ((std::uint64_t{1} << (end - first)) - 1) : word;
}

template <class Space, class Check>
class CodeScan {
 public:
  CodeScan(const Space& space, const typename Space::QueryType* query, const Check& check,
           Nearest* nearest)
      : space_(space), query_(query), check_(check), nearest_(*nearest) {}

  // Offers every allowed row of `rows`.
  Status Run(const AllowedRows* allowed, RowIndex rows, const base::Deadline& deadline) {
    if (allowed != nullptr && allowed->count < rows / 16) return RunFew(*allowed, rows, deadline);
    for (std::uint64_t at = 0; at < rows; at += kRowsAtOnce) {
      const auto first = static_cast<RowIndex>(at);
      const RowIndex end = first + std::min<RowIndex>(kRowsAtOnce, rows - first);
      if (at % kRowsOfLook == 0) VECDB_TRY(deadline.Check());
      std::uint64_t bits[kRowsAtOnce / 64] = {};
      std::uint64_t any = 0;
      for (RowIndex row = first; row < end; row += 64) {
        bits[(row - first) / 64] = AllowedBits(allowed, row, end);
        any |= bits[(row - first) / 64];
        if (end - row <= 64) break;
      }
      if (any == 0) continue;
      const bool most = simd::Kernels().words.popcount(bits, std::size(bits)) >= (end - first) / 2;
      VECDB_TRY(most ? TakeAll(first, end - first, bits) : TakeSome(first, bits));
    }
    return Flush();
  }

 private:
  static constexpr std::size_t kRowsOfLook = 16 * kRowsAtOnce;  // between two at the deadline

  // Few of all rows are allowed, and few nearly everywhere: nobody counts.
  Status RunFew(const AllowedRows& allowed, RowIndex rows, const base::Deadline& deadline) {
    for (std::uint64_t at = 0; at < rows; at += kRowsAtOnce) {
      if (at % kRowsOfLook == 0) VECDB_TRY(deadline.Check());
      const std::uint64_t end = std::min<std::uint64_t>(rows, at + kRowsAtOnce);
      std::size_t n = n_;
      for (auto row = static_cast<RowIndex>(at); row < end; row += 64) {
        n = Take(row, AllowedBits(&allowed, row, rows), n);
        if (rows - row <= 64) break;
      }
      n_ = n;
      if (n >= kRowsAtOnce) VECDB_TRY(Flush());
    }
    return Flush();
  }

  // The rows of a word, behind n others; how many they are then.
  std::size_t Take(RowIndex first, std::uint64_t word, std::size_t n) {
    for (; word != 0; word &= word - 1) {
      ids_[n++] = first + static_cast<RowIndex>(std::countr_zero(word));
    }
    return n;
  }

  // Most are allowed: one after the other, which memory likes.
  Status TakeAll(RowIndex first, std::size_t n, const std::uint64_t* bits) {
    VECDB_TRY(check_.CodesFrom(first, n));
    Key keys[kRowsAtOnce];
    space_.KeysFrom(query_, first, n, keys);
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint64_t entry = Beam::EntryOf(keys[i], static_cast<RowIndex>(first + i));
      if (entry < nearest_.bound() && (bits[i / 64] >> (i % 64) & 1) != 0) nearest_.Offer(entry);
    }
    return Status();
  }

  // Few are: as soon as there are enough.
  Status TakeSome(RowIndex first, const std::uint64_t* bits) {
    for (std::size_t w = 0; w < kRowsAtOnce / 64; ++w) {
      n_ = Take(first + static_cast<RowIndex>(w * 64), bits[w], n_);
    }
    return n_ >= kRowsAtOnce ? Flush() : Status();
  }

  Status Flush() {
    Key keys[kRowsAtOnce];
    for (std::size_t at = 0; at < n_; at += kRowsAtOnce) {
      const std::size_t n = std::min(kRowsAtOnce, n_ - at);
      VECDB_TRY(check_.CodesOf(ids_ + at, n));
      space_.Keys(query_, ids_ + at, n, keys);
      nearest_.OfferAll(keys, ids_ + at, n);
    }
    n_ = 0;
    return Status();
  }

  const Space& space_;
  const typename Space::QueryType* const query_;
  const Check& check_;
  Nearest& nearest_;
  std::uint32_t ids_[2 * kRowsAtOnce];
  std::size_t n_ = 0;
};

}  // namespace vecdb::index
