#include "test/support/KernelCall.h"

#include <cstring>
#include <dlfcn.h>
#include <memory>
#include <sys/mman.h>
#include <unistd.h>

namespace lobit::test {
namespace {

/// Memory whose last byte lies before an unmapped page.
class GuardedBuffer {
public:
  explicit GuardedBuffer(size_t size) {
    size_t page = sysconf(_SC_PAGESIZE);
    size_t usable = (size + page - 1) / page * page;
    mappedSize = usable + page;
    base = static_cast<uint8_t *>(
        mmap(nullptr, mappedSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(base + usable, page, PROT_NONE);
    begin = base + usable - size;
  }
  ~GuardedBuffer() { munmap(base, mappedSize); }
  GuardedBuffer(const GuardedBuffer &) = delete;
  uint8_t *begin;

private:
  uint8_t *base;
  size_t mappedSize;
};

class Reader {
public:
  explicit Reader(const Bytes &bytes) : bytes(bytes) {}
  uint64_t number() {
    uint64_t value;
    std::memcpy(&value, bytes.data() + at, sizeof(value));
    at += sizeof(value);
    return value;
  }
  Bytes blob() {
    uint64_t size = number();
    Bytes result(bytes.begin() + at, bytes.begin() + at + size);
    at += size;
    return result;
  }

private:
  const Bytes &bytes;
  size_t at = 0;
};

void writeNumber(Bytes &out, uint64_t value) {
  out.resize(out.size() + sizeof(value));
  std::memcpy(out.data() + out.size() - sizeof(value), &value, sizeof(value));
}

void writeBlob(Bytes &out, const Bytes &bytes) {
  writeNumber(out, bytes.size());
  out.insert(out.end(), bytes.begin(), bytes.end());
}

} // namespace

std::string runCall(const LobitCodeTable &table, const KernelCall &call) {
  if (call.function >= table.functionCount)
    return call.name + ": the code has no function " + std::to_string(call.function);
  std::vector<std::unique_ptr<GuardedBuffer>> inputs, outputs;
  std::vector<const void *> inputPointers;
  std::vector<void *> outputPointers;
  for (const Bytes &bytes : call.inputs) {
    inputs.push_back(std::make_unique<GuardedBuffer>(bytes.size()));
    std::memcpy(inputs.back()->begin, bytes.data(), bytes.size());
    inputPointers.push_back(inputs.back()->begin);
  }
  for (const Bytes &bytes : call.outputs) {
    outputs.push_back(std::make_unique<GuardedBuffer>(bytes.size()));
    std::memset(outputs.back()->begin, 0xa5, bytes.size());
    outputPointers.push_back(outputs.back()->begin);
  }
  uint32_t nonfinite = 0;
  for (uint64_t thread = 0; thread < call.threads; ++thread) {
    LobitFrame frame = {};
    frame.thread = thread;
    frame.threads = call.threads;
    frame.inputs = inputPointers.data();
    frame.outputs = outputPointers.data();
    frame.rows = call.rows;
    frame.firstOutputRow = call.first;
    frame.nonfinite = &nonfinite;
    table.functions[call.function](&frame);
  }
  if (nonfinite != call.nonfinite)
    return call.name + ": nonfinite is " + std::to_string(nonfinite);
  if (call.nonfinite)
    return "";
  for (size_t i = 0; i < call.outputs.size(); ++i)
    for (size_t at = 0; at < call.outputs[i].size(); ++at)
      if (outputs[i]->begin[at] != call.outputs[i][at])
        return call.name + ": output " + std::to_string(i) + " differs at byte " +
               std::to_string(at) + " of " + std::to_string(call.outputs[i].size());
  return "";
}

const LobitCodeTable *loadCode(const std::string &sharedObject, std::string &error) {
  int file = memfd_create("lobit-test-code", 0);
  if (file < 0 ||
      write(file, sharedObject.data(), sharedObject.size()) != ssize_t(sharedObject.size())) {
    error = "cannot write a memory file";
    return nullptr;
  }
  void *library = dlopen(("/proc/self/fd/" + std::to_string(file)).c_str(), RTLD_NOW | RTLD_LOCAL);
  // The file stays open: the loader takes a second library of the same name for the first.
  auto query =
      library ? reinterpret_cast<LobitCodeQuery>(dlsym(library, LOBIT_CODE_SYMBOL)) : nullptr;
  if (!query) {
    error = dlerror();
    return nullptr;
  }
  if (query(LOBIT_CODE_ABI + 1)) {
    error = "the code speaks an unknown ABI";
    return nullptr;
  }
  return static_cast<const LobitCodeTable *>(query(LOBIT_CODE_ABI));
}

Bytes serialize(const std::vector<KernelCall> &calls) {
  Bytes out;
  writeNumber(out, calls.size());
  for (const KernelCall &call : calls) {
    writeBlob(out, Bytes(call.name.begin(), call.name.end()));
    for (uint64_t value :
         {uint64_t(call.function), call.rows, call.first, call.threads, uint64_t(call.nonfinite),
          uint64_t(call.inputs.size()), uint64_t(call.outputs.size())})
      writeNumber(out, value);
    for (const Bytes &bytes : call.inputs)
      writeBlob(out, bytes);
    for (const Bytes &bytes : call.outputs)
      writeBlob(out, bytes);
  }
  return out;
}

std::vector<KernelCall> deserialize(const Bytes &bytes) {
  Reader reader(bytes);
  std::vector<KernelCall> calls(reader.number());
  for (KernelCall &call : calls) {
    Bytes name = reader.blob();
    call.name.assign(name.begin(), name.end());
    call.function = reader.number();
    call.rows = reader.number();
    call.first = reader.number();
    call.threads = reader.number();
    call.nonfinite = reader.number() != 0;
    call.inputs.resize(reader.number());
    call.outputs.resize(reader.number());
    for (Bytes &input : call.inputs)
      input = reader.blob();
    for (Bytes &output : call.outputs)
      output = reader.blob();
  }
  return calls;
}

} // namespace lobit::test
