/// \file
/// Calls one function of generated code on given bytes and compares what it writes. The
/// same in a test's own process and, from a file, in a program under an emulator.
#ifndef LOBIT_TEST_SUPPORT_KERNELCALL_H
#define LOBIT_TEST_SUPPORT_KERNELCALL_H

#include "runtime/format/CodeAbi.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lobit::test {

using Bytes = std::vector<uint8_t>;

/// One call: function `function` of the table, all threads one after the other.
struct KernelCall {
  std::string name;
  uint32_t function = 0;
  uint64_t rows = 1;
  uint64_t first = 0;
  uint64_t threads = 1;
  bool nonfinite = false; ///< expected
  std::vector<Bytes> inputs;
  std::vector<Bytes> outputs; ///< expected
};

/// Empty, or what is wrong. Every buffer ends at an unmapped page, so that a byte read or
/// written behind it is a crash.
std::string runCall(const LobitCodeTable &table, const KernelCall &call);

/// The table of a shared object, or null with `error` set. The object stays loaded.
const LobitCodeTable *loadCode(const std::string &sharedObject, std::string &error);

Bytes serialize(const std::vector<KernelCall> &calls);
std::vector<KernelCall> deserialize(const Bytes &bytes);

template <typename T> Bytes bytesOf(const std::vector<T> &values) {
  auto *first = reinterpret_cast<const uint8_t *>(values.data());
  return Bytes(first, first + values.size() * sizeof(T));
}

} // namespace lobit::test

#endif // LOBIT_TEST_SUPPORT_KERNELCALL_H
