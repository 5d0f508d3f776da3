// A PNG image in memory, by libpng: its numbers as the file has them, no colour or gamma applied, as Pillow and
// torchvision read it. libpng ends errors by longjmp, which Swift cannot cross: hence C.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// What an image is, once palettes are colours, and bits are whole bytes.
struct cpr_image {
  uint32_t height, width;
  /// 1: grey, 2: grey and alpha, 3: red, green, blue, 4: with alpha.
  int32_t channels;
  /// Bytes of a number, 1 or 2.
  int32_t bytes;
};

/// Why there is no image: libpng's own words.
struct cpr_error {
  char text[160];
};

/// Reads what the image is, or, with `pixels`, the image too: rows one after the other, channels last, numbers of 2
/// bytes with the high byte first.
///
/// - Parameters:
///   - most: the most numbers that an image may have.
///   - capacity: the size of `pixels` in bytes.
/// - Returns: 0, or 1 with `error`.
int cpr_read(
  const uint8_t *data, size_t size, size_t most, struct cpr_image *image, uint8_t *pixels,
  size_t capacity, struct cpr_error *error);
