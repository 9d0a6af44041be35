#include "index/graph_file.h"

#include <cstring>
#include <limits>

#include "index/walk.h"
#include "unit/index/graph_testing.h"

using namespace vecdb;
using namespace vecdb::index;

namespace {

constexpr RowIndex kRows = 30;
constexpr std::uint32_t kDimension = 3;

TestRows FewRows() {
  return TestRows(DataType::kFloatVector, Metric::kL2, kDimension, Clouds(kRows, kDimension, 1));
}

TestGraph Built(const TestRows& rows, index::Codec codec, Kind kind = Kind::kGraph) {
  GraphParameters parameters;
  parameters.kind = kind;
  parameters.m = 2;
  parameters.ef_construction = 20;
  parameters.codec = codec;
  TestGraph graph;
  graph.Build(rows, parameters).OrDie();
  return graph;
}

std::vector<std::byte> BodyOf(const TestGraph& graph) {
  auto file = io::BlockFile::Open(*graph.fs, "graph", {}, graph.info, LoadMode::kResident);
  file.status().OrDie();
  const auto body = (*file)->Read(0, (*file)->body_size());
  body.status().OrDie();
  return {body->begin(), body->end()};
}

// The same body under checksums that hold.
TestGraph Sealed(std::span<const std::byte> body, std::uint64_t rows = kRows) {
  TestGraph graph;
  auto writer = io::BlockFileWriter::Create(*graph.fs, "graph", {}, 7, io::FileKind::kIndex);
  writer.status().OrDie();
  writer->Append(body).OrDie();
  graph.info = *writer->Finish(rows);
  return graph;
}

Result<std::shared_ptr<const Index>> Opened(const TestGraph& graph, const Shape& shape) {
  auto file = io::BlockFile::Open(*graph.fs, "graph", {}, graph.info, LoadMode::kMapped);
  if (!file.ok()) return file.status();
  return Index::Open(*file, shape);
}

// Whatever the bytes: a search ends, with rows that exist, each once, or with kCorruption.
void SearchAnyway(const Index& index, const TestRows& rows) {
  const TestQuery query(DataType::kFloatVector, rows.row(4), kDimension);
  for (const std::size_t k : {1U, 5U, kRows}) {
    NearestRequest request;
    request.query = query.view();
    request.k = k;
    request.effort.ef = 8;  // a walk
    TestDistances exact(rows, query.exact);
    std::vector<Neighbor> found;
    const Status status = index.Search(request, &exact, &found);
    if (!status.ok()) {
      REQUIRE(status.code() == StatusCode::kCorruption);
      continue;
    }
    REQUIRE(found.size() == k);
    std::vector<bool> seen(kRows);
    for (const Neighbor& neighbor : found) {
      REQUIRE(neighbor.row < kRows);
      REQUIRE(!seen[neighbor.row]);
      seen[neighbor.row] = true;
    }
  }
}

GraphHeader HeaderOf(std::span<const std::byte> body, const Shape& shape) {
  auto header = GraphHeader::Decode(body.first(GraphHeader::kSize), shape, body.size(), "graph");
  header.status().OrDie();
  return *header;
}

}  // namespace

TEST_CASE("no flipped byte of a graph file goes unnoticed", "[graph_file]") {
  const TestRows rows = FewRows();
  const Kind kind = GENERATE(Kind::kGraph, Kind::kFlat);
  const TestGraph graph = Built(rows, index::Codec::kFloat32, kind);
  const std::vector<std::byte> whole = graph.Bytes();
  std::size_t unnoticed = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    TestGraph damaged;
    damaged.info = graph.info;
    std::vector<std::byte> bytes = whole;
    bytes[at] ^= std::byte{0x10};
    {
      const auto file = *damaged.fs->Open("graph", io::OpenMode::kCreate);
      file->WriteAt(0, bytes).OrDie();
    }
    const auto index = Opened(damaged, rows.shape());
    if (index.ok()) unnoticed += (*index)->Verify().ok() ? 1U : 0U;
    if (index.ok()) SearchAnyway(**index, rows);
  }
  CHECK(unnoticed == 0);
}

TEST_CASE("bytes that a checksum vouches for are not trusted either", "[graph_file]") {
  const TestRows rows = FewRows();
  const Kind kind = GENERATE(Kind::kGraph, Kind::kFlat);
  for (const index::Codec codec :
       {index::Codec::kFloat32, index::Codec::kSq8, index::Codec::kSq4U}) {
    const TestGraph graph = Built(rows, codec, kind);
    const std::vector<std::byte> whole = BodyOf(graph);
    std::size_t refused = 0;
    for (std::size_t at = 0; at < whole.size(); ++at) {
      for (const std::byte with : {std::byte{0xFF}, std::byte{0x01}, std::byte{0x80}}) {
        std::vector<std::byte> body = whole;
        body[at] ^= with;
        const TestGraph changed = Sealed(body);
        const auto index = Opened(changed, rows.shape());
        if (!index.ok()) {
          REQUIRE(index.status().code() == StatusCode::kCorruption);
          ++refused;
          continue;
        }
        SearchAnyway(**index, rows);
        if ((*index)->Verify().ok()) SearchAnyway(**index, rows);
      }
    }
    CHECK(refused > 50);
  }
}

TEST_CASE("a graph file that ends early or late is refused", "[graph_file]") {
  const TestRows rows = FewRows();
  std::vector<std::byte> body = BodyOf(Built(rows, index::Codec::kSq8));
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, GraphHeader::kSize - 1,
                                 std::size_t{GraphHeader::kSize}, body.size() - 1}) {
    const auto index = Opened(Sealed(std::span(body).first(size)), rows.shape());
    CHECK(index.status().code() == StatusCode::kCorruption);
  }
  body.push_back(std::byte{0});
  CHECK(Opened(Sealed(body), rows.shape()).status().code() == StatusCode::kCorruption);
}

TEST_CASE("a codec that there is not, or that takes other bytes, is refused", "[graph_file]") {
  const std::uint32_t d = 65;  // a line of SQ4U, two of SQ8
  const TestRows rows(DataType::kFloatVector, Metric::kL2, d, Clouds(kRows, d, 1));
  const Kind kind = GENERATE(Kind::kGraph, Kind::kFlat);
  const std::vector<std::byte> whole = BodyOf(Built(rows, index::Codec::kSq4U, kind));
  CHECK(Opened(Sealed(whole), rows.shape()).ok());
  for (const int codec : {0, 1, 2, 3, 4, 5, 7, 8, 255}) {
    std::vector<std::byte> body = whole;
    body[5] = static_cast<std::byte>(codec);
    CHECK(Opened(Sealed(body), rows.shape()).status().code() == StatusCode::kCorruption);
  }
}

TEST_CASE("a file of four bits has no other codes, and the links that SQ8 has", "[graph_file]") {
  const std::uint32_t d = 200;
  const TestRows rows(DataType::kFloatVector, Metric::kL2, d, Clouds(kRows, d, 1));
  const std::vector<std::byte> four = BodyOf(Built(rows, index::Codec::kSq4U));
  const std::vector<std::byte> eight = BodyOf(Built(rows, index::Codec::kSq8));
  const GraphLayout at = HeaderOf(four, rows.shape()).Layout();
  CHECK(at.end - at.codes == std::uint64_t{kRows} * 128);
  CHECK(four.size() + std::size_t{kRows} * 128 == eight.size());
  CHECK(HeaderOf(eight, rows.shape()).Layout().links == at.links);
  CHECK(std::equal(four.begin() + static_cast<std::ptrdiff_t>(at.links),
                   four.begin() + static_cast<std::ptrdiff_t>(at.codes),
                   eight.begin() + static_cast<std::ptrdiff_t>(at.links)));
}

TEST_CASE("a graph opens only for the field and the rows it was built from", "[graph_file]") {
  const TestRows rows = FewRows();
  const TestGraph graph = Built(rows, index::Codec::kSq8);
  CHECK(Opened(graph, rows.shape()).ok());
  for (int i = 0; i < 4; ++i) {
    Shape shape = rows.shape();
    if (i == 0) shape.type = DataType::kFloat16Vector;
    if (i == 1) shape.metric = Metric::kCosine;
    if (i == 2) shape.dimension += 1;
    if (i == 3) shape.rows += 1;
    CHECK(Opened(graph, shape).status().code() == StatusCode::kCorruption);
  }
}

TEST_CASE("links to no row, links behind the end and codes that are no number are found",
          "[graph_file]") {
  const TestRows rows = FewRows();
  const std::vector<std::byte> whole = BodyOf(Built(rows, index::Codec::kFloat32));
  const GraphHeader header = HeaderOf(whole, rows.shape());
  const GraphLayout at = header.Layout();
  const auto with = [&](std::uint64_t offset, std::uint32_t value) {
    std::vector<std::byte> body = whole;
    std::memcpy(body.data() + offset, &value, sizeof value);
    return *Opened(Sealed(body), rows.shape());
  };
  CHECK(with(at.links, 0)->Verify().ok());
  CHECK(with(at.links, kRows)->Verify().code() == StatusCode::kCorruption);
  CHECK(with(at.links, 0xFFFFFFFE)->Verify().code() == StatusCode::kCorruption);
  CHECK(with(at.links, kNoRow)->Verify().code() == StatusCode::kCorruption);  // others follow
  CHECK(with(at.codes, 0x7FC00000)->Verify().code() == StatusCode::kCorruption);
}

TEST_CASE("a graph whose links were cut still gives every row that is asked for", "[graph_file]") {
  const TestRows rows = FewRows();
  std::vector<std::byte> body = BodyOf(Built(rows, index::Codec::kSq8));
  const GraphLayout at = HeaderOf(body, rows.shape()).Layout();
  std::fill(body.begin() + static_cast<std::ptrdiff_t>(at.links),
            body.begin() + static_cast<std::ptrdiff_t>(at.codes), std::byte{0xFF});
  const auto index = *Opened(Sealed(body), rows.shape());
  index->Verify().OrDie();
  SearchAnyway(*index, rows);
}

TEST_CASE("a file of codes alone has nothing that belongs to links", "[graph_file][flat]") {
  const TestRows rows = FewRows();
  const std::vector<std::byte> whole = BodyOf(Built(rows, index::Codec::kSq8, Kind::kFlat));
  const GraphHeader header = HeaderOf(whole, rows.shape());
  CHECK(header.kind() == Kind::kFlat);
  CHECK(header.Layout().links == header.Layout().codes);
  for (const auto& change : std::initializer_list<void (*)(GraphHeader*)>{
           [](GraphHeader* h) { h->m = 2; }, [](GraphHeader* h) { h->ef_construction = 1; },
           [](GraphHeader* h) { h->entries = 1; }, [](GraphHeader* h) { h->recalls = 1; },
           [](GraphHeader* h) { h->scale = 0; }}) {
    GraphHeader changed = header;
    change(&changed);
    base::Bytes first;
    changed.Encode(&first);
    // As large as the sections then are.
    std::vector<std::byte> body = whole;
    body.resize(changed.Layout().end);
    std::copy(first.begin(), first.end(), body.begin());
    CHECK(Opened(Sealed(body), rows.shape()).status().code() == StatusCode::kCorruption);
  }
}
