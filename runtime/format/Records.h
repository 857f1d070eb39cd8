/// \file
/// Offsets of the fields of Records.inc: at::Tensor::dims is 56, at::Tensor::kBytes 168.
#ifndef LOBIT_FORMAT_RECORDS_H
#define LOBIT_FORMAT_RECORDS_H

#include <cstdint>

namespace lobit::at {

#define LOBIT_RECORD(Record, size)                                                                 \
  namespace Record {                                                                               \
  constexpr uint64_t kBytes = size;                                                                \
  }
#define LOBIT_FIELD(Record, name, offset, size, kind, note)                                        \
  namespace Record {                                                                               \
  constexpr uint64_t name = offset;                                                                \
  }
#include "runtime/format/Records.inc"

} // namespace lobit::at

#endif // LOBIT_FORMAT_RECORDS_H
