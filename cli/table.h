// Rows of text in aligned columns.
#pragma once

#include <string>
#include <vector>

namespace vecdb::cli {

class Table {
 public:
  enum class Align { kLeft, kRight };

  void AddColumn(std::string title, Align align = Align::kLeft);
  // As many cells as columns.
  void AddRow(std::vector<std::string> cells);
  // To stdout, titles first. On a terminal no line is wider than that: the widest columns are cut,
  // and where they would become too narrow to read, each cell stands on a line of its own.
  void Print() const;

 private:
  std::vector<std::size_t> Widths() const;
  void PrintRow(const std::vector<std::string>& cells,
                const std::vector<std::size_t>& widths) const;
  void PrintLists(std::size_t width) const;

  std::vector<std::string> titles_;
  std::vector<Align> aligns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace vecdb::cli
