#include "table.h"

#include <algorithm>

#include "text.h"

namespace vecdb::cli {

void Table::AddColumn(std::string title, Align align) {
  titles_.push_back(std::move(title));
  aligns_.push_back(align);
}

void Table::AddRow(std::vector<std::string> cells) {
  cells.resize(titles_.size());
  rows_.push_back(std::move(cells));
}

void Table::Print() const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < titles_.size(); ++i) {
    std::size_t width = WidthOf(titles_[i]);
    for (const auto& row : rows_) width = std::max(width, WidthOf(row[i]));
    widths.push_back(width);
  }
  PrintRow(titles_, widths);
  for (const auto& row : rows_) PrintRow(row, widths);
}

void Table::PrintRow(const std::vector<std::string>& cells,
                     const std::vector<std::size_t>& widths) const {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line += "  ";
    const std::string space(widths[i] - WidthOf(cells[i]), ' ');
    line += aligns_[i] == Align::kRight ? space + cells[i] : cells[i] + space;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  cli::Print(line);
}

}  // namespace vecdb::cli
