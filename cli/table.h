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
  void Print() const;  // to stdout, titles first

 private:
  void PrintRow(const std::vector<std::string>& cells,
                const std::vector<std::size_t>& widths) const;

  std::vector<std::string> titles_;
  std::vector<Align> aligns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace vecdb::cli
