// AEDAT 4's tables, read by the FlatBuffers library: the verifier sees every offset before it is followed.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What stands in an IOHeader ("IOHE", with its size before it).
typedef struct {
  int32_t compression;
  /// The place of the table of packets in the file; -1 for none.
  int64_t table;
  /// Where the text about streams stands in the buffer.
  size_t info;
  size_t info_length;
} cfb_header;

/// Reads the header of a file; false where it is damaged.
bool cfb_read_header(const uint8_t *bytes, size_t size, cfb_header *header);

/// Where events ("EVTS", with its size before it) stand in the buffer, 16 bytes each; false where it is
/// damaged.
bool cfb_find_events(const uint8_t *bytes, size_t size, size_t *start, size_t *count);

#ifdef __cplusplus
}
#endif
