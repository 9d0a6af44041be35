// Where commands find their database: each opens its own, unless the shell holds one for all.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "vecdb/database.h"

namespace vecdb::cli {

// A database for one command.
class Lease {
 public:
  explicit Lease(Database own) : own_(std::make_unique<Database>(std::move(own))) {}
  explicit Lease(Database* held) : held_(held) {}

  Database* operator->() const { return held_ != nullptr ? held_ : own_.get(); }
  // The command's own; one that is held stays open.
  Status Close() { return own_ == nullptr ? Status() : own_->Close(); }

 private:
  std::unique_ptr<Database> own_;
  Database* held_ = nullptr;
};

class Session {
 public:
  // For commands that only read, and for those that write into a database that exists.
  Result<Lease> OpenToRead(const std::string& directory) const;
  Result<Lease> OpenToWrite(const std::string& directory) const;
  // Makes it when it is missing.
  Result<Lease> OpenOrMake(const std::string& directory) const;

  // From here on every command gets this one, whatever directory it names.
  void Hold(Database* held) { held_ = held; }
  bool holds() const { return held_ != nullptr; }

  bool json = false;  // commands that can print JSON do so without being asked

 private:
  Database* held_ = nullptr;
};

}  // namespace vecdb::cli
