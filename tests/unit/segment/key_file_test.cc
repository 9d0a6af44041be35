#include "segment/key_file.h"

#include <algorithm>
#include <limits>

#include "base/bloom.h"
#include "support/catch.h"
#include "unit/segment/sealed_support.h"

namespace {

using namespace vecdb;           // NOLINT
using namespace vecdb::segment;  // NOLINT
using namespace vecdb_test;      // NOLINT

Field KeyField(DataType type) {
  Field field;
  field.name = "id";
  field.type = type;
  field.primary_key = true;
  return field;
}
const Field kIntKey = KeyField(DataType::kInt64);
const Field kTextKey = KeyField(DataType::kVarChar);

chunk::Column Ints(const std::vector<std::int64_t>& keys) {
  chunk::Column column(kIntKey);
  column.AppendFixed(std::as_bytes(std::span(keys)), keys.size());
  return column;
}

chunk::Column Texts(const std::vector<std::string>& keys) {
  chunk::Column column(kTextKey);
  for (const std::string& key : keys) column.AppendText(key);
  return column;
}

const Field& FieldOf(const chunk::Column& column) {
  return column.type() == DataType::kInt64 ? kIntKey : kTextKey;
}

TestFile FileOf(const chunk::Column& column) {
  return TestFile(io::FileKind::kKeys, [&](io::BlockFileWriter* out) {
    return WriteKeyFile(FieldOf(column), SourceOf(column), static_cast<RowIndex>(column.rows()),
                        out);
  });
}

std::vector<RowIndex> Find(const KeyFile& keys, chunk::KeyView key) {
  std::vector<RowIndex> rows;
  Must(keys.FindKey(key, chunk::HashKey(key), &rows));
  return rows;
}

bool MayContain(const KeyFile& keys, chunk::KeyView key) {
  const std::uint64_t hash = chunk::HashKey(key);
  std::uint8_t may = 2;
  Must(keys.MayContain(std::span(&hash, 1), &may));
  return may != 0;
}

std::vector<RowIndex> RowsWith(const chunk::Column& column, chunk::KeyView key) {
  std::vector<RowIndex> rows;
  const chunk::ColumnView all = column.View();
  for (RowIndex row = 0; row < all.rows; ++row) {
    const chunk::KeyView at = column.type() == DataType::kInt64
                                  ? chunk::KeyView(all.As<std::int64_t>()[row])
                                  : chunk::KeyView(all.As<std::string_view>()[row]);
    if (at == key) rows.push_back(row);
  }
  return rows;
}

void CheckRoundTrip(const chunk::Column& column) {
  const TestFile file = FileOf(column);
  for (const LoadMode mode : {LoadMode::kMapped, LoadMode::kResident}) {
    const KeyFile keys(FieldOf(column), file.Open(mode));
    const auto read = [&](RowIndex row, RowIndex n) { return keys.Read(row, n); };
    CHECK(Compare(column, read, 1u << 30) == Answer::kSame);
    CHECK(Compare(column, read, 3) == Answer::kSame);
    Must(keys.VerifyAll());
  }
}

// What a reader may say about damage: kCorruption or the truth.
bool Honest(const chunk::Column& column, const KeyFile& keys, chunk::KeyView key) {
  std::vector<RowIndex> rows;
  const Status status = keys.FindKey(key, chunk::HashKey(key), &rows);
  return status.ok() ? rows == RowsWith(column, key) : IsCorruption(status);
}

void TouchEverything(const chunk::Column& column, const KeyFile& keys) {
  const chunk::ColumnView all = column.View();
  for (std::size_t row = 0; row < all.rows; ++row) {
    const chunk::KeyView key = column.type() == DataType::kInt64
                                   ? chunk::KeyView(all.As<std::int64_t>()[row])
                                   : chunk::KeyView(all.As<std::string_view>()[row]);
    std::vector<RowIndex> rows;
    const Status status = keys.FindKey(key, chunk::HashKey(key), &rows);
    CHECK((status.ok() || IsCorruption(status)));
    for (const RowIndex found : rows) CHECK(found < all.rows);
    const auto view = keys.Read(static_cast<RowIndex>(row), 5);
    CHECK((view.ok() || IsCorruption(view.status())));
  }
  const Status verified = keys.VerifyAll();
  CHECK((verified.ok() || IsCorruption(verified)));
}

}  // namespace

TEST_CASE("keys come back in row order") {
  CheckRoundTrip(Ints({5}));
  CheckRoundTrip(Ints({3, -1, std::numeric_limits<std::int64_t>::max(),
                       std::numeric_limits<std::int64_t>::min(), 0, 3}));
  Words words(1);
  std::vector<std::int64_t> many;
  for (int i = 0; i < 20'000; ++i) many.push_back(static_cast<std::int32_t>(words.Next()));
  CheckRoundTrip(Ints(many));
  CheckRoundTrip(Texts({"a"}));
  CheckRoundTrip(Texts({"", "b", "", "a", words.OfLength(65'535), "größe", words.OfLength(12)}));
  std::vector<std::string> names;
  for (int i = 0; i < 20'000; ++i) names.push_back("key-" + std::to_string(words.Next() % 30'000));
  CheckRoundTrip(Texts(names));
}

TEST_CASE("a key is found in every row that has it, and nowhere else") {
  Words words(2);
  std::vector<std::int64_t> ints;
  std::vector<std::string> texts;
  for (int i = 0; i < 3000; ++i) {
    ints.push_back(static_cast<std::int64_t>(words.Next() % 2000) - 1000);
    texts.push_back("a common beginning " + std::to_string(words.Next() % 2000));
  }
  const chunk::Column int_column = Ints(ints);
  const TestFile int_file = FileOf(int_column);
  const KeyFile int_keys(kIntKey, int_file.Open());
  for (std::int64_t key = -1100; key < 1100; ++key) {
    REQUIRE(Find(int_keys, key) == RowsWith(int_column, key));
    if (!RowsWith(int_column, key).empty()) REQUIRE(MayContain(int_keys, key));
  }
  const chunk::Column text_column = Texts(texts);
  const TestFile text_file = FileOf(text_column);
  const KeyFile text_keys(kTextKey, text_file.Open());
  for (int i = 0; i < 2100; ++i) {
    const std::string key = "a common beginning " + std::to_string(i);
    REQUIRE(Find(text_keys, std::string_view(key)) == RowsWith(text_column, std::string_view(key)));
  }
  CHECK(Find(text_keys, std::string_view("a common")).empty());
  CHECK(Find(text_keys, std::string_view()).empty());
}

TEST_CASE("found rows are added behind those already there") {
  const TestFile file = FileOf(Ints({9, 4, 9}));
  const KeyFile keys(kIntKey, file.Open());
  std::vector<RowIndex> rows = {77};
  Must(keys.FindKey(std::int64_t{9}, chunk::HashKey(std::int64_t{9}), &rows));
  CHECK(rows == std::vector<RowIndex>{77, 0, 2});
}

TEST_CASE("the filter of a key file rarely says maybe for a key it does not have") {
  std::vector<std::int64_t> ints;
  for (std::int64_t i = 0; i < 10'000; ++i) ints.push_back(i * 3);
  const TestFile file = FileOf(Ints(ints));
  const KeyFile keys(kIntKey, file.Open());
  int wrong = 0;
  for (const std::int64_t key : ints) {
    REQUIRE(MayContain(keys, key));
    wrong += MayContain(keys, key + 1) ? 1 : 0;
  }
  CHECK(wrong < 100);
}

TEST_CASE("no changed byte of a key file goes unnoticed") {
  for (const chunk::Column& column :
       {Ints({4, 2, 9, 2, -7}), Texts({"four", "", "nine", "größe", "four"})}) {
    TestFile file = FileOf(column);
    const chunk::KeyView key = column.type() == DataType::kInt64
                                   ? chunk::KeyView(std::int64_t{2})
                                   : chunk::KeyView(std::string_view("four"));
    for (std::uint64_t at = 0; at < file.info().size_bytes; ++at) {
      file.Flip(at, std::byte{0x10});
      const auto opened = file.TryOpen(LoadMode::kMapped);
      if (opened.ok()) {
        const KeyFile keys(FieldOf(column), *opened);
        CHECK(Honest(column, keys, key));
        CHECK(IsCorruption(keys.VerifyAll()));
      } else {
        CHECK(IsCorruption(opened.status()));
      }
      file.Flip(at, std::byte{0x10});
    }
  }
}

TEST_CASE("numbers in a key file that lie behind matching checksums are never followed") {
  for (const chunk::Column& column :
       {Ints({4, 2, 9, 2, -7}), Texts({"four", "", "nine", "größe", "four"})}) {
    const TestFile file = FileOf(column);
    const base::Bytes body = file.Body();
    for (std::size_t at = 0; at + 4 <= body.size(); at += at < 64 ? 1 : 4) {
      for (const std::uint32_t value : {0u, 1u, 3u, 0x7FFF'FFFFu, 0xFFFF'FFFFu}) {
        base::Bytes changed = body;
        Poke(&changed, at, value);
        TouchEverything(column, KeyFile(FieldOf(column), file.WithBody(changed)));
      }
    }
    for (const std::size_t size : {std::size_t{0}, std::size_t{63}, body.size() - 1}) {
      base::Bytes changed = body;
      changed.resize(size);
      const KeyFile keys(FieldOf(column), file.WithBody(changed));
      CHECK(IsCorruption(keys.Read(0, 1).status()));
    }
    CHECK(IsCorruption(KeyFile(FieldOf(column), file.WithBody(body, 6)).Read(0, 1).status()));
  }
}

TEST_CASE("a full check of a key file finds a wrong order, filter or range") {
  const TestFile file = FileOf(Ints({4, 2, 9}));
  const auto verify = [&](const auto& change) {
    base::Bytes body = file.Body();
    change(&body);
    return KeyFile(kIntKey, file.WithBody(body)).VerifyAll();
  };
  // Keys stand at 64, sorted rows (1, 0, 2) at 128, the filter at 192.
  CHECK(verify([](base::Bytes*) {}).ok());
  CHECK(IsCorruption(verify([](auto* body) { Poke(body, 128, 0u); })));  // 0 twice
  CHECK(IsCorruption(verify([](auto* body) {
    Poke(body, 128, 0u);
    Poke(body, 132, 1u);
  })));
  CHECK(IsCorruption(verify([](auto* body) { Poke(body, 136, 3u); })));  // no such row
  CHECK(IsCorruption(
      verify([](auto* body) { std::fill(body->begin() + 192, body->end(), std::byte{0}); })));
  CHECK(IsCorruption(verify([](auto* body) { Poke(body, 24, std::int64_t{3}); })));
  CHECK(IsCorruption(verify([](auto* body) { Poke(body, 32, std::int64_t{10}); })));
}
