// Frozen: SwiftPM does not track changes to this file.
#pragma once
#include <hdf5.h>

// Types and property classes of HDF5 are macros that call its initialization: Swift cannot see them.
static inline hid_t chdf_float(void) { return H5T_IEEE_F32LE; }
static inline hid_t chdf_int64(void) { return H5T_STD_I64LE; }
static inline hid_t chdf_c_string(void) { return H5T_C_S1; }
static inline hid_t chdf_double(void) { return H5T_NATIVE_DOUBLE; }
static inline unsigned chdf_read_only(void) { return H5F_ACC_RDONLY; }
static inline hid_t chdf_file_access(void) { return H5P_FILE_ACCESS; }
static inline unsigned chdf_truncate(void) { return H5F_ACC_TRUNC; }
static inline hid_t chdf_default(void) { return H5P_DEFAULT; }
static inline hid_t chdf_all(void) { return H5S_ALL; }
static inline size_t chdf_variable(void) { return H5T_VARIABLE; }
// Errors are returned, not printed.
static inline void chdf_silence(void) { H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }
