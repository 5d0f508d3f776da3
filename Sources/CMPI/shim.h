// MPI for Swift: handles are macros, and pointers in one implementation and integers in another, so
// that Swift sees each as some bits. Everything that may wait is started here and tested later.
#ifndef CMPI_SHIM_H
#define CMPI_SHIM_H

#include <mpi.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CMPI_HANDLE(name, type, get, put) \
  typedef struct { uintptr_t bits; } name; \
  _Static_assert(sizeof(type) <= sizeof(uintptr_t), "a handle of MPI is wider than a pointer"); \
  static inline type get(name handle) { \
    type value; \
    memcpy(&value, &handle.bits, sizeof value); \
    return value; \
  } \
  static inline void put(name *handle, type value) { \
    handle->bits = 0; \
    memcpy(&handle->bits, &value, sizeof value); \
  }

CMPI_HANDLE(CMPIComm, MPI_Comm, cmpi_comm, cmpi_set_comm)
CMPI_HANDLE(CMPIRequest, MPI_Request, cmpi_request, cmpi_set_request)
CMPI_HANDLE(CMPIMessage, MPI_Message, cmpi_message, cmpi_set_message)

enum { CMPIMaximumName = MPI_MAX_PROCESSOR_NAME, CMPIMaximumError = MPI_MAX_ERROR_STRING };

/// Starts MPI for calls from any thread, one at a time; `*isSerialized` is 0 where it has no such mode.
static inline int cmpi_init(int *isSerialized) {
  int provided = 0;
  int status = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided);
  *isSerialized = provided >= MPI_THREAD_SERIALIZED;
  if (status == MPI_SUCCESS) MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  return status;
}

/// A communicator of all processes, for this library alone.
static inline int cmpi_all(CMPIComm *comm) {
  MPI_Comm all;
  int status = MPI_Comm_dup(MPI_COMM_WORLD, &all);
  if (status != MPI_SUCCESS) return status;
  cmpi_set_comm(comm, all);
  return MPI_Comm_set_errhandler(all, MPI_ERRORS_RETURN);
}

/// How many of the processes share this one's memory.
static inline int cmpi_processes_on_host(CMPIComm comm, int *size) {
  MPI_Comm host;
  int status =
      MPI_Comm_split_type(cmpi_comm(comm), MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host);
  if (status != MPI_SUCCESS) return status;
  status = MPI_Comm_size(host, size);
  MPI_Comm_free(&host);
  return status;
}

static inline int cmpi_rank(CMPIComm comm, int *rank) {
  return MPI_Comm_rank(cmpi_comm(comm), rank);
}
static inline int cmpi_size(CMPIComm comm, int *size) {
  return MPI_Comm_size(cmpi_comm(comm), size);
}
static inline int cmpi_host(char *name, int *length) {
  return MPI_Get_processor_name(name, length);
}
static inline int cmpi_error(int status, char *text, int *length) {
  return MPI_Error_string(status, text, length);
}

static inline int cmpi_ibcast(
    void *bytes, int count, int root, CMPIComm comm, CMPIRequest *request) {
  MPI_Request started = MPI_REQUEST_NULL;
  int status = MPI_Ibcast(bytes, count, MPI_BYTE, root, cmpi_comm(comm), &started);
  cmpi_set_request(request, started);
  return status;
}
static inline int cmpi_iallgatherv(
    const void *bytes, int count, void *all, const int *counts, const int *places, CMPIComm comm,
    CMPIRequest *request) {
  MPI_Request started = MPI_REQUEST_NULL;
  int status = MPI_Iallgatherv(
      bytes, count, MPI_BYTE, all, counts, places, MPI_BYTE, cmpi_comm(comm), &started);
  cmpi_set_request(request, started);
  return status;
}
static inline int cmpi_ialltoallv(
    const void *bytes, const int *counts, const int *places, void *all, const int *allCounts,
    const int *allPlaces, CMPIComm comm, CMPIRequest *request) {
  MPI_Request started = MPI_REQUEST_NULL;
  int status = MPI_Ialltoallv(
      bytes, counts, places, MPI_BYTE, all, allCounts, allPlaces, MPI_BYTE, cmpi_comm(comm),
      &started);
  cmpi_set_request(request, started);
  return status;
}
static inline int cmpi_ibarrier(CMPIComm comm, CMPIRequest *request) {
  MPI_Request started = MPI_REQUEST_NULL;
  int status = MPI_Ibarrier(cmpi_comm(comm), &started);
  cmpi_set_request(request, started);
  return status;
}
static inline int cmpi_isend(
    const void *bytes, int count, int to, int tag, CMPIComm comm, CMPIRequest *request) {
  MPI_Request started = MPI_REQUEST_NULL;
  int status = MPI_Isend(bytes, count, MPI_BYTE, to, tag, cmpi_comm(comm), &started);
  cmpi_set_request(request, started);
  return status;
}

/// A message of a tag that has arrived from anyone; `*found` is 0 when there is none.
static inline int cmpi_improbe(
    int tag, CMPIComm comm, int *found, CMPIMessage *message, int *source, int *count) {
  MPI_Status status;
  MPI_Message arrived = MPI_MESSAGE_NULL;
  int code = MPI_Improbe(MPI_ANY_SOURCE, tag, cmpi_comm(comm), found, &arrived, &status);
  if (code != MPI_SUCCESS || !*found) return code;
  cmpi_set_message(message, arrived);
  *source = status.MPI_SOURCE;
  return MPI_Get_count(&status, MPI_BYTE, count);
}
static inline int cmpi_imrecv(
    void *bytes, int count, CMPIMessage *message, CMPIRequest *request) {
  MPI_Request started = MPI_REQUEST_NULL;
  MPI_Message arrived = cmpi_message(*message);
  int status = MPI_Imrecv(bytes, count, MPI_BYTE, &arrived, &started);
  cmpi_set_message(message, arrived);
  cmpi_set_request(request, started);
  return status;
}

/// Whether what was started is done; lets MPI get on with it.
static inline int cmpi_test(CMPIRequest *request, int *done) {
  MPI_Request started = cmpi_request(*request);
  int status = MPI_Test(&started, done, MPI_STATUS_IGNORE);
  cmpi_set_request(request, started);
  return status;
}

/// Ends the processes of the job, all of them, with a status.
static inline void cmpi_abort(int status) { MPI_Abort(MPI_COMM_WORLD, status); }
static inline int cmpi_finalize(void) { return MPI_Finalize(); }

#endif
