// The header of a NumPy array file, versions 1 to 3:
//
//   "\x93NUMPY" major minor length(u16; from version 2: u32) text
//
// The text is a literal of Python: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }.
// Behind it lie the numbers, one row after the other.
#pragma once

#include <cstdint>
#include <string>

#include "vecdb/status.h"

#include "formats/elements.h"
#include "formats/input.h"

namespace vecdb::cli {

struct NpyHeader {
  Element element = Element::kFloat32;
  bool vectors = false;  // two dimensions; else one
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;  // of vectors
};

// Reads it from the front of `input`. Arrays of another order, type or number of dimensions are
// refused by name.
Result<NpyHeader> ParseNpyHeader(Input& input);

// A version 1 header, padded as NumPy pads; "<f4" and its kin for an element.
std::string NpyHeaderBytes(const NpyHeader& header);
std::string_view NpyTypeOf(Element element);

}  // namespace vecdb::cli
