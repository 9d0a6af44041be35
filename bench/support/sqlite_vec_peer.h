// sqlite-vec, which looks at every row, through SQLite's own interface.
#pragma once

#include <memory>
#include <string>

#include "bench/support/rounds.h"

#if defined(VECDB_BENCH_SQLITE3)
#include <sqlite3.h>
#endif

namespace vecdb::bench {

#if defined(VECDB_BENCH_SQLITE3)

class SqliteVecPeer {
 public:
  // Null when the extension cannot be loaded. The file is made unless it is there.
  static std::unique_ptr<SqliteVecPeer> Open(const std::string& extension, const std::string& path,
                                             const Set& set) {
    auto peer = std::unique_ptr<SqliteVecPeer>(new SqliteVecPeer(set));
    const bool there = std::filesystem::exists(path);
    if (sqlite3_open(path.c_str(), &peer->db_) != SQLITE_OK) return nullptr;
    sqlite3_enable_load_extension(peer->db_, 1);
    if (sqlite3_load_extension(peer->db_, extension.c_str(), nullptr, nullptr) != SQLITE_OK) {
      return nullptr;
    }
    if (!there) peer->Fill();
    peer->Prepare("SELECT id FROM c WHERE v MATCH ? AND k = 10", &peer->search_);
    return peer;
  }
  ~SqliteVecPeer() {
    sqlite3_finalize(search_);
    sqlite3_close(db_);
  }
  SqliteVecPeer(const SqliteVecPeer&) = delete;
  SqliteVecPeer& operator=(const SqliteVecPeer&) = delete;

  Answers Run(std::size_t queries) {
    Answers answers;
    for (std::size_t q = 0; q < queries; ++q) {
      answers.rows.emplace_back();
      answers.seconds.push_back(Seconds([&] {
        Bind(search_, 1, set_.queries.row(q));
        while (sqlite3_step(search_) == SQLITE_ROW) {
          answers.rows.back().push_back(
              static_cast<std::uint32_t>(sqlite3_column_int64(search_, 0)));
        }
        sqlite3_reset(search_);
      }));
    }
    return answers;
  }
  double build_seconds() const { return build_seconds_; }

 private:
  explicit SqliteVecPeer(const Set& set) : set_(set) {}

  void Do(const char* sql) {
    if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
      Refuse(sql, sqlite3_errmsg(db_));
    }
  }
  void Prepare(const char* sql, sqlite3_stmt** statement) {
    if (sqlite3_prepare_v2(db_, sql, -1, statement, nullptr) != SQLITE_OK) {
      Refuse(sql, sqlite3_errmsg(db_));
    }
  }
  void Bind(sqlite3_stmt* statement, int at, const float* vector) const {
    const auto bytes = static_cast<int>(set_.base.dimension * sizeof(float));
    sqlite3_bind_blob(statement, at, vector, bytes, SQLITE_STATIC);
  }

  void Fill() {
    build_seconds_ = Seconds([&] {
      Do("PRAGMA journal_mode=WAL");
      Do(("CREATE VIRTUAL TABLE c USING vec0(id INTEGER PRIMARY KEY, v FLOAT[" +
          std::to_string(set_.base.dimension) + "])")
             .c_str());
      sqlite3_stmt* insert = nullptr;
      Prepare("INSERT INTO c VALUES (?, ?)", &insert);
      Do("BEGIN");
      for (std::size_t row = 0; row < set_.base.rows; ++row) {
        sqlite3_bind_int64(insert, 1, static_cast<sqlite3_int64>(row));
        Bind(insert, 2, set_.base.row(row));
        if (sqlite3_step(insert) != SQLITE_DONE) Refuse("insert", sqlite3_errmsg(db_));
        sqlite3_reset(insert);
      }
      Do("COMMIT");
      sqlite3_finalize(insert);
    });
  }

  const Set& set_;
  sqlite3* db_ = nullptr;
  sqlite3_stmt* search_ = nullptr;
  double build_seconds_ = 0;
};

#else

class SqliteVecPeer {
 public:
  static std::unique_ptr<SqliteVecPeer> Open(const std::string&, const std::string&, const Set&) {
    return nullptr;
  }
  Answers Run(std::size_t) { return {}; }
  double build_seconds() const { return 0; }
};

#endif

}  // namespace vecdb::bench
