/// \file
/// What every C API does with the caller's structs.
#ifndef LOBIT_RUN_CAPISTRUCTS_H
#define LOBIT_RUN_CAPISTRUCTS_H

#include "lobit/runtime.h"
#include "runtime/format/Status.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace lobit {

/// Writes `status` into `error`, when there is one, and returns its code.
inline lobit_status report(lobit_error *error, const Status &status) {
  if (error && error->struct_size >= sizeof(lobit_error)) {
    error->status = lobit_status(status.code());
    size_t size = std::min(status.message().size(), sizeof(error->message) - 1);
    while (size < status.message().size() && size > 0 &&
           (uint8_t(status.message()[size]) & 0xC0) == 0x80)
      --size; // do not cut a character
    memcpy(error->message, status.message().data(), size);
    error->message[size] = 0;
  }
  return lobit_status(status.code());
}

inline lobit_status invalid(lobit_error *error, const char *message) {
  return report(error, Status(StatusCode::INVALID_ARGUMENT, message));
}

/// The caller's struct, which may come from an older header, with zeros for the rest.
template <typename T> T options(const T *given) {
  T full;
  memset(static_cast<void *>(&full), 0, sizeof(T));
  if (given)
    memcpy(static_cast<void *>(&full), given, std::min(given->struct_size, sizeof(T)));
  full.struct_size = sizeof(T);
  return full;
}

/// Fills as much of the caller's struct as it has room for.
template <typename T> lobit_status fill(T *out, T value) {
  if (!out || out->struct_size < sizeof(size_t))
    return LOBIT_STATUS_INVALID_ARGUMENT;
  value.struct_size = out->struct_size;
  memcpy(static_cast<void *>(out), &value, std::min(out->struct_size, sizeof(T)));
  return LOBIT_STATUS_OK;
}

} // namespace lobit

#endif // LOBIT_RUN_CAPISTRUCTS_H
