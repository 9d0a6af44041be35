#include "compaction/band.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "segment/key_values.h"

namespace vecdb::compaction {
namespace {

using catalog::IsBefore;
using catalog::KeyValueView;

constexpr std::uint64_t kSamplesPerBand = 256;
constexpr std::size_t kMostTextBytes = 4096;  // of a sample; what follows does not part rows
constexpr std::uint64_t kSamplesPerPace = 64;
constexpr std::uint64_t kBlockBytes = 16'384;  // about what one sample reads

bool IsAtOrBehind(const KeyPlace& place, const KeyValueView& value, Timestamp timestamp) {
  const KeyValueView at = catalog::ViewOf(place.value);
  if (IsBefore(at, value)) return true;
  return !IsBefore(value, at) && place.timestamp <= timestamp;
}

catalog::KeyValue SampleOf(const KeyValueView& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
  if (const auto* real = std::get_if<double>(&value)) return *real;
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    return std::string(text->substr(0, kMostTextBytes));
  }
  return {};
}

bool IsEarlier(const KeyPlace& a, const KeyPlace& b) {
  return std::pair(catalog::ViewOf(a.value), a.timestamp) <
         std::pair(catalog::ViewOf(b.value), b.timestamp);
}

// Every so many rows one.
class Sampler {
 public:
  Sampler(const SplitSetup& setup, std::uint64_t step, const Pace& pace)
      : setup_(setup), step_(step), pace_(pace) {}

  Status Add(const segment::Segment& input) {
    const auto deleted = input.tombstones().DeletedAt(setup_.at);
    for (; next_ < input.rows(); next_ += step_) {
      const auto row = static_cast<RowIndex>(next_);
      if (deleted != nullptr && row < deleted->size() && deleted->Test(row)) continue;
      VECDB_TRY_ASSIGN(const Timestamp timestamp, input.TimestampOf(row));
      if (timestamp < setup_.keep_from) continue;
      VECDB_TRY_ASSIGN(const chunk::ColumnView view, input.Read(setup_.field, row, 1));
      samples_.push_back({SampleOf(segment::KeyValueAt(view, 0)), timestamp});
      if (samples_.size() % kSamplesPerPace == 0) {
        VECDB_TRY(pace_(kSamplesPerPace * kBlockBytes));
      }
    }
    next_ -= input.rows();
    return Status();
  }

  std::vector<KeyPlace> Take() {
    std::sort(samples_.begin(), samples_.end(), IsEarlier);
    return std::move(samples_);
  }

 private:
  const SplitSetup& setup_;
  const std::uint64_t step_;
  const Pace& pace_;
  std::uint64_t next_ = 0;
  std::vector<KeyPlace> samples_;
};

}  // namespace

bool Band::Has(const KeyValueView& value, Timestamp timestamp) const {
  if (from && !IsAtOrBehind(*from, value, timestamp)) return false;
  return !to || !IsAtOrBehind(*to, value, timestamp);
}

bool Band::Meets(const catalog::KeyRange& range) const {
  if (range.field != field || !from || from->value.index() == 0) return true;
  if (range.empty()) return false;  // rows without a value come before this band
  if (IsBefore(catalog::ViewOf(range.highest), catalog::ViewOf(from->value))) return false;
  return !to || !IsBefore(catalog::ViewOf(to->value), catalog::ViewOf(range.lowest));
}

Result<std::vector<Band>> SplitIntoBands(const Inputs& inputs, const SplitSetup& setup,
                                         const Pace& pace) {
  std::uint64_t rows = 0;
  for (const auto& input : inputs) rows += input->rows();
  const std::uint64_t step = std::max<std::uint64_t>(1, rows / (setup.count * kSamplesPerBand));
  Sampler sampler(setup, step, pace);
  if (setup.count > 1) {
    for (const auto& input : inputs) VECDB_TRY(sampler.Add(*input));
  }
  const std::vector<KeyPlace> samples = sampler.Take();
  std::vector<Band> bands{Band{setup.field}};
  for (std::size_t i = 1; i < setup.count; ++i) {
    const std::size_t cut = i * samples.size() / setup.count;
    if (cut == 0) continue;
    const KeyPlace& place = samples[cut];
    if (bands.back().from && !IsEarlier(*bands.back().from, place)) continue;
    bands.back().to = place;
    bands.push_back(Band{setup.field, place});
  }
  return bands;
}

}  // namespace vecdb::compaction
