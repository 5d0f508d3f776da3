#include "CFlatBuffers.h"

// The library's own headers are not held to this package's warnings.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <flatbuffers/flatbuffers.h>
#pragma clang diagnostic pop

namespace {

using flatbuffers::Offset;
using flatbuffers::String;
using flatbuffers::Table;
using flatbuffers::Vector;
using flatbuffers::Verifier;
using flatbuffers::voffset_t;

// The place of field n in a table.
constexpr voffset_t field(int number) { return static_cast<voffset_t>(4 + 2 * number); }

// struct Event { timestamp: int64; x: int16; y: int16; on: bool; }, padded to 16 bytes.
struct Event {
  int64_t words[2];
};

struct IOHeader : private Table {
  int32_t compression() const { return GetField<int32_t>(field(0), 0); }
  int64_t table() const { return GetField<int64_t>(field(1), -1); }
  const String *info() const { return GetPointer<const String *>(field(2)); }

  bool Verify(Verifier &verifier) const {
    return VerifyTableStart(verifier) && VerifyField<int32_t>(verifier, field(0), 4) &&
           VerifyField<int64_t>(verifier, field(1), 8) && VerifyOffset(verifier, field(2)) &&
           verifier.VerifyString(info()) && verifier.EndTable();
  }
};

struct EventPacket : private Table {
  const Vector<const Event *> *events() const {
    return GetPointer<const Vector<const Event *> *>(field(0));
  }

  bool Verify(Verifier &verifier) const {
    return VerifyTableStart(verifier) && VerifyOffset(verifier, field(0)) &&
           verifier.VerifyVector(events()) && verifier.EndTable();
  }
};

// A size, a root and an identifier: less is no buffer, and the verifier would read beyond its end.
constexpr size_t least = 16;

Verifier verifier(const uint8_t *bytes, size_t size) {
  // Depth and number of tables: there is one.
  return Verifier(bytes, size, 4, 4);
}

}  // namespace

bool cfb_read_header(const uint8_t *bytes, size_t size, cfb_header *header) {
  if (size < least || size >= FLATBUFFERS_MAX_BUFFER_SIZE) return false;
  auto check = verifier(bytes, size);
  if (!check.VerifySizePrefixedBuffer<IOHeader>("IOHE")) return false;
  const auto *root = flatbuffers::GetSizePrefixedRoot<IOHeader>(bytes);
  header->compression = root->compression();
  header->table = root->table();
  const String *info = root->info();
  header->info = info ? static_cast<size_t>(info->Data() - bytes) : 0;
  header->info_length = info ? info->size() : 0;
  return true;
}

bool cfb_find_events(const uint8_t *bytes, size_t size, size_t *start, size_t *count) {
  if (size < least || size >= FLATBUFFERS_MAX_BUFFER_SIZE) return false;
  auto check = verifier(bytes, size);
  if (!check.VerifySizePrefixedBuffer<EventPacket>("EVTS")) return false;
  const auto *root = flatbuffers::GetSizePrefixedRoot<EventPacket>(bytes);
  const auto *events = root->events();
  *start = events ? static_cast<size_t>(events->Data() - bytes) : 0;
  *count = events ? events->size() : 0;
  return true;
}
