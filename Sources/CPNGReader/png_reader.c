#include "CPNGReader.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

/// The file, and how far it was read.
struct source {
  const uint8_t *data;
  size_t size, next;
};

static void read_bytes(png_structp png, png_bytep out, size_t count) {
  struct source *source = png_get_io_ptr(png);
  if (count > source->size - source->next) png_error(png, "the file ends too early");
  memcpy(out, source->data + source->next, count);
  source->next += count;
}

static void end_with(png_structp png, png_const_charp text) {
  struct cpr_error *error = png_get_error_ptr(png);
  strncpy(error->text, text, sizeof error->text - 1);
  error->text[sizeof error->text - 1] = 0;
  longjmp(png_jmpbuf(png), 1);
}

/// Warnings are about what does not touch the numbers.
static void ignore(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

/// Palettes become colours, 1 to 4 bits become bytes, a transparent colour becomes alpha.
static void set_transforms(png_structp png, png_infop info) {
  const png_byte type = png_get_color_type(png, info);
  if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (type == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(png, info) < 8)
    png_set_expand_gray_1_2_4_to_8(png);
  if (png_get_valid(png, info, PNG_INFO_tRNS)) png_set_tRNS_to_alpha(png);
}

int cpr_read(
  const uint8_t *data, size_t size, size_t most, struct cpr_image *image, uint8_t *pixels,
  size_t capacity, struct cpr_error *error) {
  struct source source = {data, size, 0};
  png_bytep *volatile rows = NULL;
  png_infop volatile info = NULL;
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, error, end_with, ignore);
  if (png != NULL) info = png_create_info_struct(png);
  if (info == NULL) {
    png_destroy_read_struct(&png, NULL, NULL);
    strcpy(error->text, "out of memory");
    return 1;
  }
  png_infop known = info;
  if (setjmp(png_jmpbuf(png)) != 0) {
    free(rows);
    png_destroy_read_struct(&png, &known, NULL);
    return 1;
  }
  png_set_read_fn(png, &source, read_bytes);
  // Texts and profiles are not looked at, and may not take memory.
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
  png_set_chunk_malloc_max(png, 1 << 20);
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  png_read_info(png, known);
  set_transforms(png, known);
  const int passes = png_set_interlace_handling(png);
  (void)passes;
  png_read_update_info(png, known);
  image->height = png_get_image_height(png, known);
  image->width = png_get_image_width(png, known);
  image->channels = png_get_channels(png, known);
  image->bytes = png_get_bit_depth(png, known) == 16 ? 2 : 1;
  if ((uint64_t)image->height * image->width > most / (size_t)image->channels)
    png_error(png, "more numbers than a network can take");
  if (pixels != NULL) {
    const size_t row = (size_t)image->width * (size_t)(image->channels * image->bytes);
    if (row * image->height > capacity || png_get_rowbytes(png, known) != row)
      png_error(png, "rows of another length");
    rows = malloc(image->height * sizeof *rows);
    if (rows == NULL) png_error(png, "out of memory");
    for (uint32_t y = 0; y < image->height; y++) rows[y] = pixels + y * row;
    png_read_image(png, rows);
    png_read_end(png, NULL);
  }
  free(rows);
  png_destroy_read_struct(&png, &known, NULL);
  return 0;
}
