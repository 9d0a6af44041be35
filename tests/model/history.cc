#include "model/history.h"

#include <algorithm>
#include <iterator>

namespace vecdb::test {

void History::Wrote(Timestamp timestamp, Changes changes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  writes_.emplace(timestamp, std::move(changes));
}

Timestamp History::Acknowledged() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return writes_.empty() ? Timestamp{0} : writes_.rbegin()->first;
}

void History::Saw(std::size_t thread, Timestamp acknowledged, State state) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::uint64_t keys = state.size();
  reads_[thread].push_back({acknowledged, std::move(state), keys});
}

void History::Counted(std::size_t thread, Timestamp acknowledged, std::uint64_t keys) {
  const std::lock_guard<std::mutex> lock(mutex_);
  reads_[thread].push_back({acknowledged, std::nullopt, keys});
}

// states[i] is behind the first i writes.
std::vector<History::State> History::States() const {
  std::vector<State> states{State()};
  for (const auto& [timestamp, changes] : writes_) {
    State next = states.back();
    for (const auto& [key, version] : changes) {
      if (version) {
        next[key] = *version;
      } else {
        next.erase(key);
      }
    }
    states.push_back(std::move(next));
  }
  return states;
}

// The smallest prefix that explains a read leaves the most room for the reads behind it.
std::string History::Contradiction() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::vector<State> states = States();
  for (const auto& [thread, reads] : reads_) {
    std::size_t prefix = 0;
    for (std::size_t i = 0; i < reads.size(); ++i) {
      const Read& read = reads[i];
      const auto known = std::distance(writes_.begin(), writes_.upper_bound(read.acknowledged));
      prefix = std::max(prefix, static_cast<std::size_t>(known));
      while (prefix < states.size() &&
             (read.state ? *read.state != states[prefix] : read.keys != states[prefix].size())) {
        ++prefix;
      }
      if (prefix == states.size()) {
        return "read " + std::to_string(i) + " of thread " + std::to_string(thread) + " saw " +
               std::to_string(read.keys) + " keys that no prefix of the writes explains";
      }
    }
  }
  return {};
}

History::State History::Last() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return States().back();
}

std::size_t History::reads() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::size_t count = 0;
  for (const auto& [thread, reads] : reads_) count += reads.size();
  return count;
}

}  // namespace vecdb::test
