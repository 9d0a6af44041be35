// The handles of the C API: numbers dressed as pointers that are looked up in one table and never
// followed, so that a handle that was closed, closed twice or made up is told from a good one.
//
//   bits 63..28  generation of the slot, from 1: no number is given twice
//   bits 27..24  kind: a collection is no batch
//   bits 23..0   slot
//
// The table is the one thing that databases of a process share. It is constant-initialised, has
// nothing to destroy and takes no lock, so it works before main(), after exit() and in a child made
// by fork(). See docs/adr/0026.
//
// Thread safety: all functions from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "vecdb/status.h"

namespace vecdb::api {

enum class HandleKind : std::uint8_t {
  kDatabase = 1,
  kCollection,
  kSchema,
  kBatch,
  kRows,
  kKeys,
  kTexts,
  kReport,
  kDescription,
  kStop,
  kSnapshot,
  kIterator,
};

// What a handle stands for.
class HandleObject {
 public:
  HandleObject() = default;
  HandleObject(const HandleObject&) = delete;
  HandleObject& operator=(const HandleObject&) = delete;
  virtual ~HandleObject() = default;
};

struct HandleSlot;

// An object whose number is chosen and not yet given out. Publishing it cannot fail, so it comes
// behind what cannot be taken back; destroyed before that, it leaves nothing.
class NewHandle {
 public:
  // kResourceExhausted when 16,777,152 are open. Throws without memory.
  static Result<NewHandle> Make(HandleKind kind, std::unique_ptr<HandleObject> object);

  NewHandle(NewHandle&& other) noexcept;
  NewHandle& operator=(NewHandle&& other) = delete;
  ~NewHandle();

  HandleObject& object() const;
  std::uint64_t Publish();

 private:
  NewHandle(HandleSlot* slot, std::uint32_t index) : slot_(slot), index_(index) {}
  HandleSlot* slot_;  // nullptr once published or moved from
  std::uint32_t index_;
};

// Keeps the object of an open handle alive.
class HandlePin {
 public:
  HandlePin(HandleSlot* slot, std::uint32_t index) : slot_(slot), index_(index) {}
  HandlePin(HandlePin&& other) noexcept;
  HandlePin& operator=(HandlePin&& other) = delete;
  ~HandlePin();

  HandleObject& object() const;

 private:
  HandleSlot* slot_;
  std::uint32_t index_;
};

// kInvalidArgument for 0, for another kind and for a number that was never given;
// kFailedPrecondition for one that was closed.
Result<HandlePin> PinHandle(std::uint64_t handle, HandleKind kind);

// The handle is gone when this returns; its object, when the last pin is. Statuses as above.
Status CloseHandle(std::uint64_t handle, HandleKind kind);

std::size_t CountOpenHandles();

}  // namespace vecdb::api
