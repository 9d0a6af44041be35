#if defined(VECDB_DISPATCH_X86)

#include "simd/kernel_tables.h"

namespace vecdb::simd {
namespace {

KernelTable MakeTable() {
  KernelTable table = Avx512Kernels();
  table.level = Level::kIcl;
  table.name = "icl";
  return table;
}

}  // namespace

const KernelTable& IclKernels() {
  static const KernelTable table = MakeTable();
  return table;
}

}  // namespace vecdb::simd

#endif  // VECDB_DISPATCH_X86
