// A slot's state is one word: generation, open or not, pins.
//
//   Make      takes a free slot, or the next that was never used: nobody else has it
//   Publish   object and kind, then "open": from here on the number is good
//   Pin       one more pin, as long as the word says this generation, and open
//   Close     not open, and one more pin, in one step: no pin can be added behind it
//   Unpin     who takes the last pin of a slot that is not open destroys the object, raises the
//             generation and puts the slot on the list of free ones
//
// Slots are never given back to the system, so a number may always be looked up. Those beyond the
// first 64 come in blocks that double.
#include "api/c_handles.h"

#include <atomic>
#include <bit>
#include <limits>
#include <type_traits>
#include <utility>

#include "base/status.h"

namespace vecdb::api {

namespace {

constexpr std::uint64_t kOneGeneration = std::uint64_t{1} << 28;
constexpr std::uint64_t kOpen = std::uint64_t{1} << 27;
constexpr std::uint64_t kPins = kOpen - 1;
constexpr std::uint64_t kLastGeneration = ~(kOneGeneration - 1);

constexpr unsigned kKindShift = 24;
constexpr std::uint32_t kSlotMask = (std::uint32_t{1} << kKindShift) - 1;
constexpr std::uint32_t kFirstSlots = 64;
constexpr std::size_t kBlocks = 18;  // of 64, 128, 256, ... slots
constexpr std::uint32_t kMaxSlots = kFirstSlots * ((std::uint32_t{1} << kBlocks) - 1);
static_assert(kMaxSlots - 1 <= kSlotMask);

}  // namespace

struct HandleSlot {
  std::atomic<std::uint64_t> state{kOneGeneration};
  std::atomic<std::uint32_t> next_free{0};  // index + 1 of the next on the list; 0 = none
  std::atomic<HandleKind> kind{};           // read ahead of the pin, so it may be the next one's
  HandleObject* object = nullptr;           // constant from Publish to the last pin
};

namespace {

class HandleTable {
 public:
  bool IsUsed(std::uint32_t index) const { return index < used_.load(std::memory_order_acquire); }

  HandleSlot* At(std::uint32_t index) {  // of a used index
    const std::size_t block = BlockOf(index);
    HandleSlot* slots = block == 0 ? first_ : blocks_[block].load(std::memory_order_acquire);
    return slots + (index - BeginOf(block));
  }

  // The index of a slot that belongs to the caller.
  Result<std::uint32_t> Take() {
    std::uint64_t head = free_.load(std::memory_order_acquire);
    while (FirstOf(head) != 0) {
      const std::uint32_t index = FirstOf(head) - 1;
      const std::uint32_t next = At(index)->next_free.load(std::memory_order_relaxed);
      if (free_.compare_exchange_weak(head, Advanced(head, next), std::memory_order_acq_rel)) {
        return index;
      }
    }
    std::uint32_t fresh = used_.load(std::memory_order_acquire);
    do {
      if (fresh == kMaxSlots) return base::ResourceExhausted("{} handles are open", kMaxSlots);
      MakeBlockOf(fresh);
    } while (!used_.compare_exchange_weak(fresh, fresh + 1, std::memory_order_acq_rel));
    return fresh;
  }

  void GiveBack(std::uint32_t index) {
    std::uint64_t head = free_.load(std::memory_order_relaxed);
    do {
      At(index)->next_free.store(FirstOf(head), std::memory_order_relaxed);
    } while (
        !free_.compare_exchange_weak(head, Advanced(head, index + 1), std::memory_order_acq_rel));
  }

  std::atomic<std::size_t> open{0};

 private:
  // The head of the free list counts its changes, so that a slot that went and came back in between
  // is noticed.
  static std::uint32_t FirstOf(std::uint64_t head) { return static_cast<std::uint32_t>(head); }
  static std::uint64_t Advanced(std::uint64_t head, std::uint32_t first) {
    return ((head >> 32) + 1) << 32 | first;
  }

  static std::size_t BlockOf(std::uint32_t index) {
    return static_cast<std::size_t>(std::bit_width(index / kFirstSlots + 1)) - 1;
  }
  // How many slots lie before block b: 0, 64, 192, 448, ...; block 0 is the first slots.
  static std::uint32_t BeginOf(std::size_t block) {
    return kFirstSlots * ((std::uint32_t{1} << block) - 1);
  }

  void MakeBlockOf(std::uint32_t index) {
    const std::size_t block = BlockOf(index);
    if (block == 0 || blocks_[block].load(std::memory_order_acquire) != nullptr) return;
    auto made = std::make_unique<HandleSlot[]>(kFirstSlots << block);
    HandleSlot* expected = nullptr;
    if (blocks_[block].compare_exchange_strong(expected, made.get(), std::memory_order_acq_rel)) {
      (void)made.release();
    }
  }

  std::atomic<std::uint32_t> used_{0};
  std::atomic<std::uint64_t> free_{0};
  HandleSlot first_[kFirstSlots];
  std::atomic<HandleSlot*> blocks_[kBlocks]{};  // block 0 stays null
};

static_assert(std::is_trivially_destructible_v<HandleTable>);
constinit HandleTable handle_table;

std::string_view NameOf(HandleKind kind) {
  switch (kind) {
    case HandleKind::kDatabase:
      return "database";
    case HandleKind::kCollection:
      return "collection";
    case HandleKind::kSchema:
      return "schema";
    case HandleKind::kBatch:
      return "batch";
    case HandleKind::kRows:
      return "rows";
    case HandleKind::kKeys:
      return "keys";
    case HandleKind::kTexts:
      return "texts";
    case HandleKind::kReport:
      return "report";
    case HandleKind::kDescription:
      return "description";
    case HandleKind::kStop:
      return "stop";
    case HandleKind::kSnapshot:
      return "snapshot";
    case HandleKind::kIterator:
      return "iterator";
  }
  return "unknown";
}

void Destroy(HandleSlot* slot, std::uint32_t index) {
  delete std::exchange(slot->object, nullptr);
  const std::uint64_t generation = slot->state.load(std::memory_order_relaxed) & kLastGeneration;
  handle_table.open.fetch_sub(1, std::memory_order_relaxed);
  if (generation == kLastGeneration) return;  // its numbers are used up: never free again
  slot->state.store(generation + kOneGeneration, std::memory_order_release);
  handle_table.GiveBack(index);
}

void Unpin(HandleSlot* slot, std::uint32_t index) {
  const std::uint64_t before = slot->state.fetch_sub(1, std::memory_order_acq_rel);
  if ((before & (kOpen | kPins)) == 1) Destroy(slot, index);
}

struct Place {
  HandleSlot* slot;
  std::uint32_t index;
  std::uint64_t generation;
};

Status ClosedHandle(HandleKind kind) {
  return base::FailedPrecondition("this handle of kind {} was closed before", NameOf(kind));
}

// Where an open handle of this kind would be.
Result<Place> Find(std::uint64_t handle, HandleKind kind) {
  if (handle == 0) return base::InvalidArgument("the handle of kind {} is NULL", NameOf(kind));
  const auto index = static_cast<std::uint32_t>(handle & kSlotMask);
  const auto given = static_cast<HandleKind>(handle >> kKindShift & 0xF);
  const std::uint64_t generation = handle & kLastGeneration;
  if (!handle_table.IsUsed(index) || generation == 0 || NameOf(given) == "unknown" ||
      generation >
          (handle_table.At(index)->state.load(std::memory_order_acquire) & kLastGeneration)) {
    return base::InvalidArgument("{:#x} is no handle of kind {} or any other", handle,
                                 NameOf(kind));
  }
  if (given != kind) {
    return base::InvalidArgument("a handle of kind {} is needed, this one is of kind {}",
                                 NameOf(kind), NameOf(given));
  }
  return Place{handle_table.At(index), index, generation};
}

// Adds a pin, and with `close` takes the handle out of use; kInvalidArgument for a number of the
// right generation whose kind was changed.
Result<HandlePin> Grab(std::uint64_t handle, HandleKind kind, bool close) {
  VECDB_TRY_ASSIGN(const Place place, Find(handle, kind));
  std::uint64_t state = place.slot->state.load(std::memory_order_acquire);
  do {
    if ((state & kLastGeneration) != place.generation || (state & kOpen) == 0) {
      return ClosedHandle(kind);
    }
    if (place.slot->kind.load(std::memory_order_relaxed) != kind) {
      return base::InvalidArgument("{:#x} is no handle of kind {}", handle, NameOf(kind));
    }
    if ((state & kPins) == kPins) {
      return base::ResourceExhausted("{} calls are inside one handle", kPins);
    }
  } while (!place.slot->state.compare_exchange_weak(state, (close ? state & ~kOpen : state) + 1,
                                                    std::memory_order_acq_rel));
  return HandlePin(place.slot, place.index);
}

}  // namespace

Result<NewHandle> NewHandle::Make(HandleKind kind, std::unique_ptr<HandleObject> object) {
  VECDB_TRY_ASSIGN(const std::uint32_t index, handle_table.Take());
  HandleSlot* slot = handle_table.At(index);
  slot->kind.store(kind, std::memory_order_relaxed);
  slot->object = object.release();
  handle_table.open.fetch_add(1, std::memory_order_relaxed);
  return NewHandle(slot, index);
}

NewHandle::NewHandle(NewHandle&& other) noexcept
    : slot_(std::exchange(other.slot_, nullptr)), index_(other.index_) {
}

// The generation rises though its number was never given: nobody can tell.
NewHandle::~NewHandle() {
  if (slot_ != nullptr) Destroy(slot_, index_);
}

HandleObject& NewHandle::object() const {
  return *slot_->object;
}

std::uint64_t NewHandle::Publish() {
  HandleSlot* slot = std::exchange(slot_, nullptr);
  const std::uint64_t generation = slot->state.load(std::memory_order_relaxed);
  const auto kind = static_cast<std::uint64_t>(slot->kind.load(std::memory_order_relaxed));
  slot->state.store(generation | kOpen, std::memory_order_release);
  return generation | kind << kKindShift | index_;
}

HandlePin::HandlePin(HandlePin&& other) noexcept
    : slot_(std::exchange(other.slot_, nullptr)), index_(other.index_) {
}

HandlePin::~HandlePin() {
  if (slot_ != nullptr) Unpin(slot_, index_);
}

HandleObject& HandlePin::object() const {
  return *slot_->object;
}

Result<HandlePin> PinHandle(std::uint64_t handle, HandleKind kind) {
  return Grab(handle, kind, /*close=*/false);
}

Status CloseHandle(std::uint64_t handle, HandleKind kind) {
  return Grab(handle, kind, /*close=*/true).status();
}

std::size_t CountOpenHandles() {
  return handle_table.open.load(std::memory_order_relaxed);
}

}  // namespace vecdb::api
