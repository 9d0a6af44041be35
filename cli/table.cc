#include "table.h"

#include <algorithm>
#include <numeric>

#include "terminal.h"
#include "text.h"

namespace vecdb::cli {
namespace {

constexpr std::size_t kGap = 2;       // between columns
constexpr std::size_t kReadable = 4;  // characters that a cut column keeps at least

std::size_t Sum(const std::vector<std::size_t>& widths) {
  return std::accumulate(widths.begin(), widths.end(), kGap * (widths.size() - 1));
}

// Takes from the widest until all fit; false when they would become too narrow.
bool Shrink(std::size_t width, std::vector<std::size_t>* widths) {
  for (std::size_t sum = Sum(*widths); sum > width; --sum) {
    const auto widest = std::max_element(widths->begin(), widths->end());
    if (*widest <= kReadable) return false;
    --*widest;
  }
  return true;
}

}  // namespace

void Table::AddColumn(std::string title, Align align) {
  titles_.push_back(std::move(title));
  aligns_.push_back(align);
}

void Table::AddRow(std::vector<std::string> cells) {
  cells.resize(titles_.size());
  for (std::string& cell : cells) cell = OneLine(cell);
  rows_.push_back(std::move(cells));
}

std::vector<std::size_t> Table::Widths() const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < titles_.size(); ++i) {
    std::size_t width = WidthOf(titles_[i]);
    for (const auto& row : rows_) width = std::max(width, WidthOf(row[i]));
    widths.push_back(width);
  }
  return widths;
}

void Table::Print() const {
  if (titles_.empty()) return;
  std::vector<std::size_t> widths = Widths();
  const auto terminal = StdoutWidth();
  if (terminal && !Shrink(*terminal, &widths)) return PrintLists(*terminal);
  PrintRow(titles_, widths);
  for (const auto& row : rows_) PrintRow(row, widths);
}

void Table::PrintRow(const std::vector<std::string>& cells,
                     const std::vector<std::size_t>& widths) const {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line += std::string(kGap, ' ');
    const std::string cell = OneLine(cells[i], widths[i]);
    const std::string space(widths[i] - WidthOf(cell), ' ');
    line += aligns_[i] == Align::kRight ? space + cell : cell + space;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  cli::Print(line);
}

void Table::PrintLists(std::size_t width) const {
  std::size_t title_width = 0;
  for (const std::string& title : titles_) title_width = std::max(title_width, WidthOf(title));
  title_width = std::min(title_width, width / 2);
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    if (row > 0) cli::Print("");
    for (std::size_t i = 0; i < titles_.size(); ++i) {
      const std::string title = OneLine(titles_[i], title_width);
      const std::string line =
          title + std::string(title_width - WidthOf(title) + kGap, ' ') + rows_[row][i];
      cli::Print(OneLine(line, width));
    }
  }
}

}  // namespace vecdb::cli
