// The parts of an import: which schema, where to begin, and the rows.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "vecdb/database.h"

#include "commands.h"
#include "formats/source.h"
#include "import_ticket.h"
#include "progress.h"
#include "session.h"
#include "watch.h"

namespace vecdb::cli {

// ---- Schema (import_schema.cc) ------------------------------------------------------------

// What a new collection would be: as the file suggests, with what the user says in its place.
Result<Schema> ChooseSchema(const ImportArguments& arguments, RowSource* source);
// Shows a schema; `words` goes before.
void PrintSchemaTable(std::string_view words, const Schema& schema);
// Whether options that describe a new collection contradict the one that is there.
Status CheckHints(const ImportArguments& arguments, const Schema& schema);

// ---- Where to begin (import_resume.cc) ----------------------------------------------------

// How many rows of the file, behind the ones to be skipped, are in the collection. Refuses when the
// file or the collection are not what the ticket says.
Result<std::uint64_t> RowsBefore(const ImportArguments& arguments, const ImportTicket& ticket,
                                 const Collection& collection);

// ---- Rows ---------------------------------------------------------------------------------

// Where rows go, and what is told about it.
class RowSink {
 public:
  // The collection as it is, or, when it is missing and may be made, one of the schema that
  // `choose` gives and the user agrees to.
  static Result<std::unique_ptr<RowSink>> Open(const Session& session,
                                               const ImportArguments& arguments,
                                               const std::function<Result<Schema>()>& choose);

  const Collection& collection() const { return collection_; }
  const Schema& schema() const { return collection_.schema(); }
  std::uint64_t rows() const { return rows_; }      // written by this one
  std::uint64_t before() const { return before_; }  // by those that it resumes
  // How many of `wanted` rows the limit still allows.
  std::uint64_t Room(std::uint64_t wanted) const;

  // Announces the import, or takes up the one that was announced: passes over the rows that are in.
  Status Begin(RowSource* source);
  Status Write(const Batch& batch, const RowSource& source);
  // After a failure: a collection that was made for this import and has no rows is dropped again,
  // since it has the name, and no command could make room for a better one. Returns the failure
  // with what became of the collection.
  Status TakeBack(const Status& failure);
  // Returns when every row would survive a power cut and the database is closed. The import can
  // be resumed unless `over`.
  Status Finish(bool over);
  bool resumable() const { return resumable_; }
  void PrintSummary();

 private:
  RowSink(const ImportArguments& arguments, Lease database, const Collection& collection,
          bool created);
  Status Announce(std::uint64_t base_rows);
  Status KeepTicket();

  const ImportArguments& arguments_;
  Lease database_;
  Collection collection_;
  const bool created_;
  const bool counted_;  // rows in it say how far an import is; else the ticket does
  const std::string ticket_path_;
  ImportTicket ticket_;
  bool resumable_ = false;
  Progress progress_;
  Watch watch_{/*json=*/false};
  std::uint64_t rows_ = 0;
  std::uint64_t before_ = 0;
  Timestamp last_{0};
  double ticket_time_ = 0;
  double seconds_ = 0;
};

}  // namespace vecdb::cli
