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
#include <csignal>
#include <cstring>
#include <poll.h>
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

Result<TargetCode> generate(ModuleOp planned, Isa isa, const CodeOptions &options) {
  const CodeProduct product = options.product;
  OwningOpRef<ModuleOp> module = planned.clone();
  MLIRContext *context = planned.getContext();
  Diagnostics diagnostics(context);
  auto run = [&](auto addPasses) -> Status {
    PassManager manager(context, ModuleOp::getOperationName());
    addPasses(manager);
    return succeeded(manager.run(*module)) ? Status()
                                           : diagnostics.status(StatusCode::UNSUPPORTED, "lower");
  };
  if (Status status =
          run([&](PassManager &manager) { addKernelPasses(manager, isa, options.maxRows); });
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
  if (options.suffixQuery)
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

[[noreturn]] void generateInto(int pipe, ModuleOp planned, Isa isa, const CodeOptions &options) {
  const std::string text = encode(generate(planned, isa, options));
  for (size_t done = 0; done < text.size();) {
    const ssize_t count = write(pipe, text.data() + done, text.size() - done);
    if (count <= 0)
      _exit(1);
    done += size_t(count);
  }
  _exit(0);
}

} // namespace

CodeGeneration::CodeGeneration(ModuleOp planned, std::vector<Isa> isas, const CodeOptions &options)
    : planned_(planned), isas_(std::move(isas)), options_(options) {
  options_.processes = std::max(1u, options_.processes);
  (void)advance();
}

CodeGeneration::~CodeGeneration() {
  for (Child &child : children_) {
    if (child.pipe < 0)
      continue;
    kill(child.process, SIGKILL);
    close(child.pipe);
    waitpid(child.process, nullptr, 0);
  }
}

void CodeGeneration::startNext() {
  const Isa isa = isas_[children_.size()];
  Child &child = children_.emplace_back();
  auto fail = [&](const char *what) {
    child.failure = Status(StatusCode::IO, std::string(what) + ": " + std::strerror(errno));
    failed_ = true;
  };
  int ends[2];
  if (pipe(ends) != 0)
    return fail("cannot make a pipe");
  child.process = fork();
  if (child.process == 0) {
    close(ends[0]);
    generateInto(ends[1], planned_, isa, options_);
  }
  close(ends[1]);
  if (child.process < 0) {
    close(ends[0]);
    return fail("cannot start a process");
  }
  child.pipe = ends[0];
}

void CodeGeneration::takeFrom(Child &child) {
  char buffer[65536];
  const ssize_t count = read(child.pipe, buffer, sizeof buffer);
  if (count > 0) {
    child.text.append(buffer, size_t(count));
    return;
  }
  if (count < 0 && errno == EINTR)
    return;
  close(child.pipe);
  child.pipe = -1;
  int state = 0;
  waitpid(child.process, &state, 0);
  if (!WIFSIGNALED(state))
    return;
  const Isa isa = isas_[size_t(&child - children_.data())];
  child.failure =
      Status(StatusCode::INTERNAL, std::string("code generation for ") + findIsa(isa)->word +
                                       " crashed with signal " + std::to_string(WTERMSIG(state)));
  failed_ = true;
}

bool CodeGeneration::step(bool waits) {
  while (true) {
    std::vector<pollfd> polled;
    std::vector<Child *> running;
    for (Child &child : children_)
      if (child.pipe >= 0) {
        polled.push_back({child.pipe, POLLIN, 0});
        running.push_back(&child);
      }
    if (running.size() < options_.processes && children_.size() < isas_.size() && !failed_) {
      startNext();
      continue;
    }
    if (running.empty())
      return true;
    const int ready = poll(polled.data(), nfds_t(polled.size()), waits ? -1 : 0);
    if (ready == 0)
      return false;
    for (size_t i = 0; ready > 0 && i < running.size(); ++i)
      if (polled[i].revents)
        takeFrom(*running[i]);
  }
}

Result<std::vector<TargetCode>> CodeGeneration::finish() {
  (void)step(/*waits=*/true);
  std::vector<TargetCode> codes;
  for (size_t i = 0; i < children_.size(); ++i) {
    if (!children_[i].failure.ok())
      return std::move(children_[i].failure);
    Result<TargetCode> code = decode(children_[i].text, isas_[i]);
    if (!code.ok())
      return std::move(code).status().withContext(findIsa(isas_[i])->word);
    codes.push_back(std::move(code).value());
  }
  return codes;
}

Result<std::vector<TargetCode>> generateCode(ModuleOp planned, const std::vector<Isa> &isas,
                                             const CodeOptions &options) {
  return CodeGeneration(planned, isas, options).finish();
}

} // namespace lobit
