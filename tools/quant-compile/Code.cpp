#include "tools/quant-compile/Code.h"
#include "passes/Emit/Link.h"
#include "passes/Emit/ObjectCode.h"
#include "passes/Lower/LinearFunctions.h"
#include "passes/Lower/ModuleFacts.h"
#include "passes/Lower/Operations.h"
#include "passes/Pipelines/Pipelines.h"
#include "runtime/format/CodeAbi.h"
#include "tools/quant-compile/Diagnostics.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/wait.h>
#include <unistd.h>

using namespace mlir;

namespace lobit {

std::string suffixedQuery(Isa isa) {
  std::string word = findIsa(isa)->word;
  std::replace(word.begin(), word.end(), '-', '_');
  return std::string(LOBIT_CODE_SYMBOL) + "__" + word;
}

namespace {

/// bin/quant-compile and lib/lobit/ lie in one folder, in the build tree and installed.
std::string wasmRuntimeObject() {
  llvm::SmallString<256> path(
      llvm::sys::fs::getMainExecutable(nullptr, reinterpret_cast<void *>(&wasmRuntimeObject)));
  llvm::sys::path::remove_filename(path);
  llvm::sys::path::append(path, "..", "lib", "lobit", "runtime-wasm32.o");
  llvm::sys::path::remove_dots(path, /*remove_dot_dot=*/true);
  return std::string(path.str());
}

LinearInfo linearInfo(const LinearFunction &function) {
  lb::WeightType weight = function.weight;
  LinearInfo info;
  info.scheme = weight.getScheme();
  info.layout = weight.getLayout().value_or(Layout::RowMajor);
  info.granularity = weight.getGranularity();
  info.scaleType = weight.getScaleType();
  info.groupSize = info.granularity == Granularity::Group ? uint32_t(weight.getGroupSize()) : 0;
  if (function.bias)
    info.bias = lb::WeightType(function.bias).getScheme();
  info.out = uint64_t(weight.getRows());
  info.in = uint64_t(weight.getColumns());
  return info;
}

OperationInfo operationInfo(const TracedOperation &operation) {
  OperationInfo info;
  info.label = operation.label;
  info.kernel = operation.kernel;
  if (const LayoutInfo *layout = findLayout(operation.layout))
    info.layout = layout->layout;
  info.weightBytes = operation.weightBytes;
  info.flops = operation.flops;
  return info;
}

Result<TargetCode> generate(ModuleOp planned, Isa isa, CodeProduct product, bool suffixQuery,
                            int64_t maxRows) {
  OwningOpRef<ModuleOp> module = planned.clone();
  MLIRContext *context = planned.getContext();
  Diagnostics diagnostics(context);
  auto run = [&](auto addPasses) -> Status {
    PassManager manager(context, ModuleOp::getOperationName());
    addPasses(manager);
    return succeeded(manager.run(*module)) ? Status()
                                           : diagnostics.status(StatusCode::UNSUPPORTED, "lower");
  };
  if (Status status = run([&](PassManager &manager) { addKernelPasses(manager, isa, maxRows); });
      !status.ok())
    return status;
  TargetCode code;
  code.isa = isa;
  const ModuleFacts facts = moduleFacts(*module);
  code.scratchBytes = facts.scratchBytes;
  code.stateBytes = facts.stateBytes;
  code.maxRows = facts.maxRows;
  code.hiddenOffset = facts.hiddenOffset;
  for (const TracedOperation &operation : operations(*module))
    code.operations.push_back(operationInfo(operation));
  for (const LinearFunction &function : linearFunctions(*module))
    code.linears.push_back(linearInfo(function));
  if (Status status = run([&](PassManager &manager) { addTargetPasses(manager, isa); });
      !status.ok())
    return status;
  if (product == CodeProduct::Mlir) {
    llvm::raw_string_ostream stream(code.bytes);
    module->print(stream);
    return code;
  }
  if (suffixQuery)
    if (auto query = module->lookupSymbol<LLVM::LLVMFuncOp>(LOBIT_CODE_SYMBOL))
      query.setSymName(suffixedQuery(isa));
  const CodeForm form = product == CodeProduct::Llvm       ? CodeForm::Llvm
                        : product == CodeProduct::Assembly ? CodeForm::Assembly
                                                           : CodeForm::Object;
  Result<std::string> bytes = emitCode(*module, isa, form);
  if (bytes.ok() && product == CodeProduct::Image)
    bytes = findIsa(isa)->arch == Arch::Wasm32 ? linkWasmModule(*bytes, wasmRuntimeObject())
                                               : linkSharedObject(*bytes);
  if (!bytes.ok())
    return std::move(bytes).status();
  code.bytes = std::move(bytes).value();
  return code;
}

//===--- between the processes ------------------------------------------------===//

class Message {
public:
  void put(uint64_t value) { text_.append(reinterpret_cast<const char *>(&value), 8); }
  void put(const std::string &text) {
    put(uint64_t(text.size()));
    text_ += text;
  }
  const std::string &text() const { return text_; }

private:
  std::string text_;
};

/// Reads what a Message holds; a child that died leaves it short.
class MessageReader {
public:
  explicit MessageReader(std::string_view text) : text_(text) {}
  uint64_t number() {
    uint64_t value = 0;
    if (text_.size() - at_ < 8) {
      complete_ = false;
      return 0;
    }
    std::memcpy(&value, text_.data() + at_, 8);
    at_ += 8;
    return value;
  }
  std::string string() {
    const uint64_t size = number();
    if (size > text_.size() - at_) {
      complete_ = false;
      return {};
    }
    at_ += size;
    return std::string(text_.substr(at_ - size, size));
  }
  bool complete() const { return complete_; }

private:
  std::string_view text_;
  size_t at_ = 0;
  bool complete_ = true;
};

std::string encode(const Result<TargetCode> &result) {
  Message message;
  message.put(uint64_t(result.status().code()));
  message.put(result.status().message());
  if (!result.ok())
    return message.text();
  const TargetCode &code = *result;
  message.put(code.bytes);
  message.put(code.scratchBytes);
  message.put(code.stateBytes);
  message.put(code.maxRows);
  message.put(uint64_t(code.hiddenOffset.has_value()));
  message.put(code.hiddenOffset.value_or(0));
  message.put(uint64_t(code.operations.size()));
  for (const OperationInfo &operation : code.operations) {
    message.put(operation.label);
    message.put(operation.kernel);
    message.put(operation.layout ? uint64_t(*operation.layout) : 0);
    message.put(operation.weightBytes);
    message.put(operation.flops);
  }
  message.put(uint64_t(code.linears.size()));
  for (const LinearInfo &linear : code.linears)
    for (uint64_t value :
         {uint64_t(linear.scheme), uint64_t(linear.layout), uint64_t(linear.granularity),
          uint64_t(linear.scaleType), uint64_t(linear.groupSize),
          linear.bias ? uint64_t(*linear.bias) : 0, linear.out, linear.in})
      message.put(value);
  return message.text();
}

Result<TargetCode> decode(std::string_view text, Isa isa) {
  MessageReader reader(text);
  const StatusCode status = StatusCode(reader.number());
  std::string error = reader.string();
  TargetCode code;
  code.isa = isa;
  if (reader.complete() && status != StatusCode::OK)
    return Status(status, error);
  code.bytes = reader.string();
  code.scratchBytes = reader.number();
  code.stateBytes = reader.number();
  code.maxRows = reader.number();
  const bool hasHidden = reader.number() != 0;
  if (const uint64_t offset = reader.number(); hasHidden)
    code.hiddenOffset = offset;
  for (uint64_t count = reader.number(); count && reader.complete(); --count) {
    OperationInfo operation;
    operation.label = reader.string();
    operation.kernel = reader.string();
    if (uint64_t layout = reader.number())
      operation.layout = Layout(layout);
    operation.weightBytes = reader.number();
    operation.flops = reader.number();
    code.operations.push_back(std::move(operation));
  }
  for (uint64_t count = reader.number(); count && reader.complete(); --count) {
    LinearInfo linear;
    linear.scheme = Scheme(reader.number());
    linear.layout = Layout(reader.number());
    linear.granularity = Granularity(reader.number());
    linear.scaleType = ScaleType(reader.number());
    linear.groupSize = uint32_t(reader.number());
    if (uint64_t bias = reader.number())
      linear.bias = Scheme(bias);
    linear.out = reader.number();
    linear.in = reader.number();
    code.linears.push_back(linear);
  }
  if (!reader.complete())
    return Status(StatusCode::INTERNAL, "the process that generates code ended early");
  return code;
}

struct Child {
  pid_t process = -1;
  int pipe = -1;
  Isa isa = Isa::X86V1;
};

Result<Child> start(ModuleOp planned, Isa isa, CodeProduct product, bool suffixQuery,
                    int64_t maxRows) {
  int ends[2];
  if (pipe(ends) != 0)
    return Status(StatusCode::IO, std::string("cannot make a pipe: ") + std::strerror(errno));
  Child child;
  child.isa = isa;
  child.pipe = ends[0];
  child.process = fork();
  if (child.process < 0)
    return Status(StatusCode::IO, std::string("cannot start a process: ") + std::strerror(errno));
  if (child.process > 0) {
    close(ends[1]);
    return child;
  }
  close(ends[0]);
  const std::string text = encode(generate(planned, isa, product, suffixQuery, maxRows));
  for (size_t done = 0; done < text.size();) {
    const ssize_t count = write(ends[1], text.data() + done, text.size() - done);
    if (count <= 0)
      _exit(1);
    done += size_t(count);
  }
  _exit(0);
}

Result<TargetCode> finish(const Child &child) {
  std::string text;
  char buffer[65536];
  for (ssize_t count; (count = read(child.pipe, buffer, sizeof buffer)) != 0;) {
    if (count < 0 && errno != EINTR)
      break;
    if (count > 0)
      text.append(buffer, size_t(count));
  }
  close(child.pipe);
  int state = 0;
  waitpid(child.process, &state, 0);
  const std::string word = findIsa(child.isa)->word;
  if (WIFSIGNALED(state))
    return Status(StatusCode::INTERNAL, "code generation for " + word + " crashed with signal " +
                                            std::to_string(WTERMSIG(state)));
  Result<TargetCode> code = decode(text, child.isa);
  if (!code.ok())
    return std::move(code).status().withContext(word);
  return code;
}

} // namespace

Result<std::vector<TargetCode>> generateCode(ModuleOp planned, const std::vector<Isa> &isas,
                                             CodeProduct product, unsigned processes,
                                             bool suffixQuery, int64_t maxRows) {
  std::vector<Child> children;
  std::vector<TargetCode> codes;
  Status status;
  size_t started = 0;
  while (codes.size() < isas.size() && status.ok()) {
    for (; started < isas.size() && started - codes.size() < std::max(1u, processes); ++started) {
      Result<Child> child = start(planned, isas[started], product, suffixQuery, maxRows);
      if (!child.ok())
        return std::move(child).status();
      children.push_back(*child);
    }
    Result<TargetCode> code = finish(children[codes.size()]);
    if (!code.ok())
      status = std::move(code).status();
    else
      codes.push_back(std::move(code).value());
  }
  // After an error: the ones that still run.
  for (size_t i = codes.size() + 1; i < children.size(); ++i)
    (void)finish(children[i]);
  if (!status.ok())
    return status;
  return codes;
}

} // namespace lobit
