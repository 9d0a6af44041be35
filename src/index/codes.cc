#include "index/codes.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <variant>

#include "base/status.h"
#include "chunk/half.h"
#include "simd/kernels.h"

namespace vecdb::index {
namespace {

// From one scale that is tried to the next, and how many are tried: first far down, then closer and
// closer around the best.
constexpr double kFarShrink = 0.125;
constexpr int kFarScales = 13;
constexpr double kMiddleShrink = 0.5;
constexpr int kMiddleScales = 5;
constexpr double kNearShrink = 0.8;
constexpr int kNearScales = 5;
constexpr double kLargest = std::numeric_limits<float>::max();
constexpr double kMean = 0;
constexpr double kTypical = 0.95;  // of the rows: what the others lose does not count
constexpr double kLargestLoss = 1;

struct Range {
  float low;
  float high;
  float middle() const { return (low + high) / 2; }
};
constexpr Range kAllCodes{-128, 127};
constexpr Range kEvenCodes{-127, 127};  // about zero
constexpr Range kFourBits{-8, 7};
// A query of rows of four bits has so many codes between two of theirs.
constexpr float kFinerQuery = 16;
constexpr std::size_t kLineComponents = 2 * kCodeAlignment;  // of four bits
constexpr int kPaddedCodes = 0x88;                           // two codes of 0

std::size_t UpTo(std::size_t multiple, std::size_t n) {
  return (n + multiple - 1) & ~(multiple - 1);
}

struct Sample {
  std::span<const float> numbers;
  std::size_t dimension;
  std::size_t rows() const { return numbers.size() / dimension; }
};

// Of each component: the middle of its range, for numbers that fill it; its median, where a few
// numbers are far out; its least number.
enum class Place { kMiddle, kMedian, kLeast };
std::vector<float> Places(const Sample& sample, Place place) {
  std::vector<float> places(sample.dimension);
  std::vector<float> numbers(sample.rows());
  for (std::size_t d = 0; d < sample.dimension; ++d) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      numbers[i] = sample.numbers[i * sample.dimension + d];
    }
    if (place == Place::kMedian) {
      const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
      std::nth_element(numbers.begin(), middle, numbers.end());
      places[d] = *middle;
    } else {
      const auto [low, high] = std::minmax_element(numbers.begin(), numbers.end());
      places[d] = place == Place::kLeast ? *low : *low / 2 + *high / 2;
    }
  }
  return places;
}

double CodeOf(float x, float offset, float scale, const Range& range) {
  const double code = std::nearbyint((double{x} - double{offset}) / double{scale});
  return std::clamp(code, double{range.low}, double{range.high});
}

// The squared error of this share of the rows is at most that; or the mean of all.
double LossOf(const Sample& sample, const Quantizer& quantizer, const Range& range, double share) {
  std::vector<double> losses(sample.rows());
  for (std::size_t i = 0; i < losses.size(); ++i) {
    for (std::size_t d = 0; d < sample.dimension; ++d) {
      const float x = sample.numbers[i * sample.dimension + d];
      const float offset = quantizer.offset[d];
      const double code = CodeOf(x, offset, quantizer.scale, range);
      const double lost = double{x} - (double{offset} + code * double{quantizer.scale});
      losses[i] += lost * lost;
    }
  }
  if (share == kMean) {
    return std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(losses.size());
  }
  const auto rank = static_cast<std::ptrdiff_t>(share * static_cast<double>(losses.size() - 1));
  std::nth_element(losses.begin(), losses.begin() + rank, losses.end());
  return losses[static_cast<std::size_t>(rank)];
}

// From where to where the numbers of all components reach.
struct Extent {
  double least;
  double most;
  double middle() const { return (least + most) / 2; }
};
constexpr Extent kBytes = {0, 255};
// Of images and histograms: other rows than the sample's may have any byte.
bool AreBytes(const Extent& shown) {
  constexpr double kLargestSigned = 127;
  return shown.least >= kBytes.least && shown.most <= kBytes.most && shown.most > kLargestSigned;
}

struct Trained {
  Quantizer quantizer;
  double loss = 0;
};

// Codes around the centers, as far apart as the numbers reach; then closer and closer. Where there
// are anchors, one code of each component says its anchor exactly: whole numbers lose nothing if
// codes are one apart.
Trained TrainAround(const Sample& sample, const std::vector<float>& centers,
                    const std::vector<float>& anchors, const Range& range, double share) {
  const Extent shown{*std::ranges::min_element(sample.numbers),
                     *std::ranges::max_element(sample.numbers)};
  double reach = 0;
  for (std::size_t i = 0; i < sample.numbers.size(); ++i) {
    const double center = centers[i % sample.dimension];
    reach = std::max(reach, std::abs(double{sample.numbers[i]} - center));
  }
  const auto with_scale = [&](double scale) {
    Trained trained;
    trained.quantizer.scale = std::max(static_cast<float>(scale), 1e-30F);
    trained.quantizer.offset = centers;
    const double half = double{range.high - range.low} / 2 * scale;
    const Extent reached = scale == 1 && AreBytes(shown) ? kBytes : shown;
    for (std::size_t d = 0; d < centers.size(); ++d) {
      double offset = double{centers[d]} - double{range.middle()} * scale;
      if (!anchors.empty()) {
        // No farther out than any number is, where that can be: a component may have other numbers
        // than the sample shows.
        const double low = std::min(reached.least + half, reached.middle());
        const double high = std::max(reached.most - half, reached.middle());
        const double center = std::clamp(double{centers[d]}, low, high);
        const double anchor = anchors[d];
        const double wanted = center - double{range.middle()} * scale;
        offset = anchor + std::nearbyint((wanted - anchor) / scale) * scale;
      }
      trained.quantizer.offset[d] = static_cast<float>(std::clamp(offset, -kLargest, kLargest));
    }
    trained.loss = LossOf(sample, trained.quantizer, range, share);
    return trained;
  };
  for (const float center : centers) {  // of numbers that are all the same
    if (reach > 0) break;
    reach = std::abs(double{center});
  }
  const double scale = reach > 0 ? 2 * reach / double{range.high - range.low} : 1;
  // First a power of two, which whole numbers are multiples of.
  int exponent = 0;
  static_cast<void>(std::frexp(std::nextafter(scale, 0.0), &exponent));
  Trained best = with_scale(std::ldexp(1.0, exponent));
  if (best.loss > 0) {
    best = with_scale(scale);
  } else if (reach > 0) {
    // Other rows may reach farther than the sample: as far again, where that loses nothing.
    Trained wider = with_scale(std::ldexp(1.0, exponent + 1));
    if (LossOf(sample, wider.quantizer, range, kLargestLoss) == 0) best = std::move(wider);
  }
  const auto try_scales = [&](double from, double shrink, int count) {
    for (int i = 0; i < count && best.loss > 0; ++i) {
      from *= shrink;
      Trained next = with_scale(from);
      if (next.loss < best.loss) best = std::move(next);
    }
  };
  try_scales(scale, kFarShrink, kFarScales);
  try_scales(double{best.quantizer.scale} / kFarShrink, kMiddleShrink, kMiddleScales);
  try_scales(double{best.quantizer.scale} / kMiddleShrink, kNearShrink, kNearScales);
  return best;
}

// Where component i of a row of four bits lies.
struct FourBits {
  std::size_t byte = 0;
  int shift = 0;
};
FourBits PlaceOf(std::size_t i) {
  const std::size_t line = i / kLineComponents * kCodeAlignment;
  return {line + i % kCodeAlignment, i % kLineComponents < kCodeAlignment ? 0 : 4};
}

// The row has been filled with kPaddedCodes.
void PutFourBits(std::size_t i, int code, std::byte* out) {
  const auto [byte, shift] = PlaceOf(i);
  out[byte] ^= static_cast<std::byte>((code & 0x0F) << shift);
}

int FourBitsAt(std::size_t i, const std::byte* code) {
  const auto [byte, shift] = PlaceOf(i);
  return (static_cast<int>(code[byte]) >> shift & 0x0F) - 8;
}

// Whether the code says the numbers exactly.
bool EncodeFloats(const CodeFormat& format, const Quantizer& quantizer,
                  std::span<const float> floats, std::byte* out) {
  const bool four_bits = format.codec == Codec::kSq4U;
  const Range& range = four_bits ? kFourBits : kAllCodes;
  bool exact = true;
  for (std::size_t i = 0; i < floats.size(); ++i) {
    const double code = CodeOf(floats[i], quantizer.offset[i], quantizer.scale, range);
    if (four_bits) {
      PutFourBits(i, static_cast<int>(code), out);
    } else {
      out[i] = static_cast<std::byte>(static_cast<int>(code));
    }
    const double decoded = double{quantizer.offset[i]} + code * double{quantizer.scale};
    exact = exact && decoded == double{floats[i]};
  }
  return exact;
}

// What a half can be at most, so that none becomes infinite.
void ToFiniteHalf(DataType type, std::span<float> floats, std::byte* out) {
  const float most = type == DataType::kFloat16Vector ? 65504.0F : 3.38953139e38F;
  for (float& x : floats) x = std::clamp(x, -most, most);
  chunk::ToHalf(type, floats, reinterpret_cast<std::uint16_t*>(out));
}

// The nearest whole number of a byte's. Adding and taking away 1.5 * 2^52 rounds as the processor
// does, to even, in a loop that compilers turn into vectors.
std::int8_t ByteOf(double number) {
  constexpr double kWhole = 6755399441055744.0;
  const double within = std::min(std::max(number, -128.0), 127.0);
  return static_cast<std::int8_t>(static_cast<std::int32_t>(within + kWhole - kWhole));
}

// Under L2 a query is encoded as a row is, or finer and negated for rows of four bits; the order of
// products does not depend on a query's length, so there it fills the range it has.
void QueryBytes(const CodeFormat& format, const Quantizer& quantizer, std::span<const float> floats,
                EncodedQuery* query) {
  query->bytes.assign(format.padded(), 0);
  if (format.codec == Codec::kInt8) {
    for (std::size_t i = 0; i < floats.size(); ++i) query->bytes[i] = ByteOf(double{floats[i]});
    return;
  }
  const bool l2 = format.metric == Metric::kL2;
  const bool four_bits = format.codec == Codec::kSq4U;
  float scale = four_bits ? -quantizer.scale / kFinerQuery : quantizer.scale;
  if (!l2) {
    float largest = 0;
    for (const float x : floats) largest = std::max(largest, std::abs(x));
    scale = std::max(largest / 127, std::numeric_limits<float>::min());
  }
  const float* const offsets = l2 ? quantizer.offset.data() : nullptr;
  const bool exact =
      simd::Kernels().encode(floats.data(), offsets, scale, floats.size(), query->bytes.data());
  query->exact = exact && l2 && !four_bits;
}

}  // namespace

std::string_view ToString(Codec codec) {
  switch (codec) {
    case Codec::kFloat32:
      return "FP32";
    case Codec::kFloat16:
      return "FP16";
    case Codec::kBFloat16:
      return "BF16";
    case Codec::kInt8:
      return "INT8";
    case Codec::kSq8:
      return "SQ8";
    case Codec::kSq4U:
      return "SQ4U";
  }
  return "unknown";
}

Codec LosslessCodec(DataType type) {
  if (type == DataType::kFloat16Vector) return Codec::kFloat16;
  if (type == DataType::kBFloat16Vector) return Codec::kBFloat16;
  if (type == DataType::kInt8Vector) return Codec::kInt8;
  return Codec::kFloat32;
}

Codec StoredCodec(const Shape& shape, Codec codec) {
  const bool whole = shape.type == DataType::kInt8Vector && shape.metric != Metric::kCosine;
  if (codec == Codec::kInt8) return whole ? Codec::kInt8 : Codec::kSq8;
  return whole && codec == Codec::kSq8 ? Codec::kInt8 : codec;
}

std::size_t CodeFormat::padded() const {
  switch (codec) {
    case Codec::kFloat32:
    case Codec::kFloat16:
    case Codec::kBFloat16:
      return dimension;
    case Codec::kInt8:
    case Codec::kSq8:
      return UpTo(kCodeAlignment, dimension);
    case Codec::kSq4U:
      return UpTo(kLineComponents, dimension);
  }
  return dimension;
}

std::size_t CodeFormat::stride() const {
  switch (codec) {
    case Codec::kFloat32:
      return padded() * sizeof(float);
    case Codec::kFloat16:
    case Codec::kBFloat16:
      return padded() * sizeof(std::uint16_t);
    case Codec::kInt8:
    case Codec::kSq8:
      return padded();
    case Codec::kSq4U:
      return padded() / 2;
  }
  return padded();
}

// Without rows that others are equal to: many that stand for no vector at all, say zeros, must not
// decide how well the rest is told apart.
static std::vector<float> Distinct(const Sample& sample) {
  const auto row = [&](std::size_t i) {
    return sample.numbers.subspan(i * sample.dimension, sample.dimension);
  };
  std::vector<std::size_t> order(sample.rows());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto before = [&](std::size_t a, std::size_t b) {
    return std::ranges::lexicographical_compare(row(a), row(b));
  };
  const auto same = [&](std::size_t a, std::size_t b) {
    return std::ranges::equal(row(a), row(b));
  };
  std::sort(order.begin(), order.end(), before);
  order.erase(std::unique(order.begin(), order.end(), same), order.end());
  std::vector<float> distinct;
  distinct.reserve(order.size() * sample.dimension);
  for (const std::size_t i : order) distinct.insert(distinct.end(), row(i).begin(), row(i).end());
  return distinct;
}

Quantizer TrainQuantizer(const CodeFormat& format, std::span<const float> numbers) {
  const std::vector<float> distinct = Distinct({numbers, format.dimension});
  const Sample sample{distinct, format.dimension};
  const bool four_bits = format.codec == Codec::kSq4U;
  // The largest products are with what lies far out, so that counts under IP.
  const double share = format.metric == Metric::kInnerProduct ? kMean : kTypical;
  Trained best;
  if (format.metric == Metric::kL2 || four_bits) {
    const Range& range = four_bits ? kFourBits : kAllCodes;
    const std::vector<float> anchors =
        four_bits ? std::vector<float>() : Places(sample, Place::kLeast);
    best = TrainAround(sample, Places(sample, Place::kMiddle), anchors, range, share);
    if (best.loss > 0) {
      Trained other = TrainAround(sample, Places(sample, Place::kMedian), anchors, range, share);
      if (other.loss < best.loss) best = std::move(other);
    }
  } else {
    // Products are of the numbers themselves. An int8 has one more code below zero than above.
    best = TrainAround(sample, std::vector<float>(format.dimension, 0.0F), {}, kEvenCodes, share);
  }
  return best.quantizer;
}

void Normalize(std::span<float> v) {
  double norm2 = 0;
  for (const float x : v) norm2 += double{x} * double{x};
  if (!(norm2 > 0)) return;
  const double factor = 1 / std::sqrt(norm2);
  for (float& x : v) x = static_cast<float>(double{x} * factor);
}

void RowAsFloats(const chunk::ColumnView& view, std::size_t i, Metric metric, float* out) {
  const std::span<float> floats(out, view.dimension);
  if (view.type == DataType::kFloatVector) {
    std::ranges::copy(view.Vector<float>(i), out);
  } else if (view.type == DataType::kInt8Vector) {
    std::ranges::copy(view.Vector<std::int8_t>(i), out);
  } else {
    chunk::FromHalf(view.type, view.Vector<std::uint16_t>(i), out);
  }
  if (metric == Metric::kCosine) Normalize(floats);
}

void Encoder::Encode(const chunk::ColumnView& view, std::size_t i, std::byte* out) {
  if (format_.metric != Metric::kCosine && LosslessCodec(view.type) == format_.codec) {
    const std::size_t bytes = chunk::FixedWidth(view.type, view.dimension);
    std::memcpy(out, static_cast<const std::byte*>(view.values) + i * bytes, bytes);
    std::memset(out + bytes, 0, format_.stride() - bytes);
    return;
  }
  RowAsFloats(view, i, format_.metric, floats_.data());
  std::memset(out, format_.codec == Codec::kSq4U ? kPaddedCodes : 0, format_.stride());
  switch (format_.codec) {
    case Codec::kFloat32:
      std::memcpy(out, floats_.data(), format_.stride());
      return;
    case Codec::kFloat16:
      return ToFiniteHalf(DataType::kFloat16Vector, floats_, out);
    case Codec::kBFloat16:
      return ToFiniteHalf(DataType::kBFloat16Vector, floats_, out);
    case Codec::kInt8:
    case Codec::kSq8:
    case Codec::kSq4U:
      exact_ = EncodeFloats(format_, quantizer_, floats_, out) && exact_;
      return;
  }
}

void EncodeQuery(const CodeFormat& format, const Quantizer& quantizer, const QueryVector& query,
                 EncodedQuery* out) {
  const auto* bytes = std::get_if<std::span<const std::int8_t>>(&query);
  out->exact = false;
  if (format.codec == Codec::kInt8 && bytes != nullptr) {
    out->bytes.assign(format.padded(), 0);
    std::ranges::copy(*bytes, out->bytes.begin());
    return;
  }
  const auto* const floats = std::get_if<std::span<const float>>(&query);
  VECDB_CHECK(floats != nullptr || bytes != nullptr,
              "dense vectors are searched with floats or int8");
  const bool to_bytes = format.quantized() || format.codec == Codec::kInt8;
  if (to_bytes && floats != nullptr && format.metric != Metric::kCosine) {
    return QueryBytes(format, quantizer, *floats, out);
  }
  out->floats.resize(format.dimension);
  if (floats != nullptr) {
    std::ranges::copy(*floats, out->floats.begin());
  } else {
    std::ranges::copy(*bytes, out->floats.begin());
  }
  if (format.metric == Metric::kCosine) Normalize(out->floats);
  if (to_bytes) QueryBytes(format, quantizer, out->floats, out);
}

void DecodeRow(const CodeFormat& format, const Quantizer& quantizer, const std::byte* code,
               std::span<float> out) {
  const auto* const halves = reinterpret_cast<const std::uint16_t*>(code);
  switch (format.codec) {
    case Codec::kFloat32:
      std::memcpy(out.data(), code, out.size_bytes());
      return;
    case Codec::kFloat16:
      return chunk::FromHalf(DataType::kFloat16Vector, {halves, out.size()}, out.data());
    case Codec::kBFloat16:
      return chunk::FromHalf(DataType::kBFloat16Vector, {halves, out.size()}, out.data());
    case Codec::kInt8:
      std::ranges::copy_n(reinterpret_cast<const std::int8_t*>(code),
                          static_cast<std::ptrdiff_t>(out.size()), out.begin());
      return;
    case Codec::kSq8:
    case Codec::kSq4U:
      break;
  }
  const bool four_bits = format.codec == Codec::kSq4U;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int number = four_bits ? FourBitsAt(i, code) : static_cast<std::int8_t>(code[i]);
    out[i] = quantizer.offset[i] + static_cast<float>(number) * quantizer.scale;
  }
}

}  // namespace vecdb::index
