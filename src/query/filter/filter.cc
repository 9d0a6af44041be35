#include "query/filter/filter.h"

#include <utility>

#include "base/status.h"
#include "query/filter/bind.h"
#include "query/filter/evaluate.h"
#include "query/filter/may_pass.h"
#include "query/filter/parse.h"
#include "query/filter/values.h"

namespace vecdb::query {
namespace {

class BoundFilter final : public Filter {
 public:
  BoundFilter(std::string_view text, std::unique_ptr<const filter::Ast> ast,
              filter::Program program)
      : text_(text), ast_(std::move(ast)), program_(std::move(program)) {}

  Status EvaluateFrom(const segment::Segment& segment, RowIndex first, RowIndex rows,
                      const base::Deadline& deadline, base::Bitmap* passed) const override {
    return filter::Run(program_, segment, first, rows, deadline, passed);
  }

  std::optional<std::vector<Key>> ValuesOf(std::uint32_t field) const override {
    return filter::ValuesOf(program_, field);
  }

  bool MayPass(const catalog::KeyRange& range) const override {
    return filter::MayPass(program_, range);
  }

  std::string_view text() const override { return text_; }
  std::string ToString() const override { return filter::Print(*ast_); }

 private:
  const std::string text_;
  const std::unique_ptr<const filter::Ast> ast_;  // for ToString
  const filter::Program program_;
};

}  // namespace

Result<std::shared_ptr<const Filter>> Filter::Compile(std::string_view text, const Schema& schema) {
  VECDB_TRY_ASSIGN(auto ast, filter::Parse(text));
  VECDB_TRY_ASSIGN(auto program, filter::Bind(*ast, schema));
  return std::shared_ptr<const Filter>(
      std::make_shared<BoundFilter>(text, std::move(ast), std::move(program)));
}

}  // namespace vecdb::query
