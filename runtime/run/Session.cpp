#include "runtime/run/Session.h"
#include "runtime/format/CheckedMath.h"
#include "runtime/platform/HugePages.h"

#include <cstring>

namespace lobit {

Result<std::unique_ptr<Session>> Session::create(std::shared_ptr<const Code> code,
                                                 unsigned threads) {
  std::unique_ptr<Session> session(new Session);
  session->code_ = std::move(code);
  const Metadata &metadata = session->model().metadata();

  Result<std::unique_ptr<ThreadPool>> pool =
      ThreadPool::create(threads != 0 ? threads : platform::availableCpus());
  if (!pool.ok())
    return std::move(pool).status();
  session->pool_ = std::move(pool).value();

  Result<platform::Memory> scratch =
      platform::Memory::allocate(metadata.scratchBytes, "the scratch of a session");
  if (!scratch.ok())
    return std::move(scratch).status();
  session->scratch_ = std::move(scratch).value();
  platform::preferHugePages(session->scratch_);
  Result<platform::Memory> state =
      platform::Memory::allocate(metadata.stateBytes, "the state (KV cache) of a session");
  if (!state.ok())
    return std::move(state).status();
  session->state_ = std::move(state).value();

  if (metadata.kind == ModelKind::LanguageModel) {
    // logits f32, candidates, marks: 16 bytes a token; history 4 bytes a position.
    uint64_t vocab = metadata.vocab, context = metadata.maxContext, bytes = 0, history = 0;
    if (vocab == 0 || vocab > UINT32_MAX || context == 0 || !checkedMul(vocab, 16, bytes) ||
        !checkedMul(context, 4, history) || !checkedAdd(bytes, history, bytes))
      return Status(StatusCode::MALFORMED, "the metadata name " + std::to_string(vocab) +
                                               " tokens and " + std::to_string(context) +
                                               " positions");
    Result<platform::Memory> work =
        platform::Memory::allocate(bytes, "the sampling memory of a session");
    if (!work.ok())
      return std::move(work).status();
    session->work_ = std::move(work).value();
    uint8_t *at = session->work_.data();
    session->logits_ = reinterpret_cast<float *>(at);
    session->sampler_.useMemory(reinterpret_cast<Sampler::Candidate *>(at + 4 * vocab),
                                reinterpret_cast<uint32_t *>(at + 12 * vocab), uint32_t(vocab));
    session->history_ = reinterpret_cast<uint32_t *>(at + 16 * vocab);
    // The longest token, every byte of it replaced by U+FFFD, and an unfinished character.
    session->text_.reserve(3 * (TokenizerView::kMaxTokenBytes + 4));
  }

  LobitFrame frame = {};
  frame.threads = session->pool_->threads();
  frame.weights = session->model().artifact().weights().data;
  frame.scratch = session->scratch_.data();
  frame.state = session->state_.data();
  frame.barrier = arriveAtBarrier;
  frame.barrierContext = session.get();
  frame.traceContext = session.get();
  frame.nonfinite = &session->nonfinite_;
  session->frames_.assign(session->pool_->threads(), frame);
  for (unsigned t = 0; t < session->pool_->threads(); ++t)
    session->frames_[t].thread = t;
  if (const KernelVariant *kernels = session->code_->kernels())
    session->operationTimes_.resize(kernels->operations.size());
  if (const KernelVariant *kernels = session->code_->kernels(); kernels && kernels->hiddenOffset)
    session->hiddenRows_ =
        reinterpret_cast<const float *>(session->scratch_.data() + *kernels->hiddenOffset);
  return session;
}

uint64_t Session::memoryBytes() const {
  return scratch_.size() + state_.size() + work_.size() + observed_.size();
}

void Session::arriveAtBarrier(void *session) { static_cast<Session *>(session)->pool_->barrier(); }

void Session::traceOperation(void *pointer, uint64_t operation) {
  Session &session = *static_cast<Session *>(pointer);
  uint64_t now = platform::nowNanoseconds();
  if (operation < session.operationTimes_.size()) {
    session.operationTimes_[operation].count += 1;
    session.operationTimes_[operation].nanoseconds += now - session.lastTrace_;
  }
  session.lastTrace_ = now;
}

void Session::runThread(void *pointer, unsigned thread) {
  Session &session = *static_cast<Session *>(pointer);
  session.function_(&session.frames_[thread]);
}

void Session::checkThread(void *check, unsigned) { static_cast<WeightCheck *>(check)->work(); }

Status Session::requireWeights() {
  if (weightsPassed_)
    return {};
  if (WeightCheck *check = model().weightCheck()) {
    if (!check->passed())
      pool_->run(checkThread, check);
    if (!check->result().ok())
      return check->result();
  }
  weightsPassed_ = true;
  return {};
}

Status Session::launch(uint32_t function, const void *const *inputs, void *const *outputs,
                       uint64_t rows, uint64_t position, uint64_t firstOutputRow) {
  if (Status status = requireWeights(); !status.ok())
    return status;
  for (LobitFrame &frame : frames_) {
    frame.inputs = inputs;
    frame.outputs = outputs;
    frame.rows = rows;
    frame.position = position;
    frame.firstOutputRow = firstOutputRow;
    frame.trace = tracing_ ? traceOperation : nullptr;
  }
  nonfinite_ = 0;
  function_ = code_->table().functions[function];
  lastTrace_ = tracing_ ? platform::nowNanoseconds() : 0;
  pool_->run(runThread, this);
  if (nonfinite_ != 0)
    return Status(StatusCode::NONFINITE, "an activation became NaN or infinite at position " +
                                             std::to_string(position) +
                                             "; the weights or the input are not usable");
  return {};
}

Status Session::rewind(uint64_t position) {
  if (position > position_)
    return Status(StatusCode::INVALID_ARGUMENT,
                  "cannot rewind to position " + std::to_string(position) + ", the session is at " +
                      std::to_string(position_));
  hasLogits_ &= position == position_;
  position_ = position;
  return {};
}

Status Session::setObserver(Observer observer, void *user) {
  const Metadata &metadata = model().metadata();
  if (metadata.kind != ModelKind::LanguageModel)
    return Status(StatusCode::INVALID_ARGUMENT,
                  "the artifact is a function, it has no logits to observe");
  if (observer && observed_.size() == 0) {
    uint64_t bytes = 0;
    if (!checkedMul(metadata.maxRows * sizeof(float), metadata.vocab, bytes))
      return Status(StatusCode::RESOURCE_LIMIT, "the logits of one call are too large");
    Result<platform::Memory> memory =
        platform::Memory::allocate(bytes, "the observed logits of a session");
    if (!memory.ok())
      return std::move(memory).status();
    observed_ = std::move(memory).value();
  }
  observer_ = observer;
  observerUser_ = user;
  return {};
}

Status Session::setHiddenObserver(Observer observer, void *user) {
  if (model().metadata().kind != ModelKind::LanguageModel)
    return Status(StatusCode::INVALID_ARGUMENT,
                  "the artifact is a function, it has no hidden state to observe");
  if (observer && !hiddenRows_)
    return Status(StatusCode::UNSUPPORTED,
                  std::string("the code for ") + code_->isa().word +
                      " does not tell where its hidden state is, because an older compiler made "
                      "it; compile the model again");
  hiddenObserver_ = observer;
  hiddenUser_ = user;
  return {};
}

Status Session::evalRows(const uint32_t *tokens, uint64_t count, float *allLogits) {
  const Metadata &metadata = model().metadata();
  for (uint64_t i = 0; i < count; ++i)
    if (tokens[i] >= metadata.vocab)
      return Status(StatusCode::INVALID_ARGUMENT,
                    "token " + std::to_string(i) + " is " + std::to_string(tokens[i]) +
                        ", the vocabulary has " + std::to_string(metadata.vocab));
  if (count > metadata.maxContext - position_)
    return Status(StatusCode::CONTEXT_FULL, std::to_string(count) +
                                                " tokens do not fit after position " +
                                                std::to_string(position_) + ": the context has " +
                                                std::to_string(metadata.maxContext) +
                                                " (quant-compile --max-context sets it)");
  uint64_t start = position_;
  hasLogits_ = false;
  for (uint64_t done = 0; done < count;) {
    uint64_t rows = std::min<uint64_t>(count - done, metadata.maxRows);
    bool last = done + rows == count;
    // Only the very last row gets logits, unless somebody wants the others.
    const bool all = allLogits || (observer_ && rows > 1);
    uint64_t firstOutputRow = all || (observer_ && rows == 1) ? 0 : last ? rows - 1 : rows;
    float *logits = allLogits ? allLogits + done * metadata.vocab
                    : all     ? reinterpret_cast<float *>(observed_.data())
                              : logits_;
    const void *inputs[] = {tokens + done};
    void *outputs[] = {logits};
    if (Status status = launch(0, inputs, outputs, rows, start + done, firstOutputRow);
        !status.ok())
      return status;
    for (uint64_t i = 0; observer_ && i < rows; ++i)
      observer_(observerUser_, start + done + i, logits + i * metadata.vocab);
    for (uint64_t i = 0; hiddenObserver_ && i < rows; ++i)
      hiddenObserver_(hiddenUser_, start + done + i, hiddenRows_ + i * metadata.hidden);
    lastRow_ = rows - 1;
    done += rows;
    if (all && last)
      memcpy(logits_, logits + (rows - 1) * metadata.vocab, metadata.vocab * sizeof(float));
  }
  memcpy(history_ + start, tokens, count * sizeof(uint32_t));
  position_ = start + count;
  hasLogits_ = true;
  return {};
}

Status Session::eval(const uint32_t *tokens, uint64_t count, float *allLogits) {
  if (model().metadata().kind != ModelKind::LanguageModel)
    return Status(StatusCode::INVALID_ARGUMENT,
                  "the artifact is a function, it takes tensors and no tokens");
  if (count == 0)
    return Status(StatusCode::INVALID_ARGUMENT, "there is no token to evaluate");
  // Here already, so that it does not count as the prompt's time.
  if (Status status = requireWeights(); !status.ok())
    return status;
  uint64_t before = platform::nowNanoseconds();
  if (Status status = evalRows(tokens, count, allLogits); !status.ok())
    return status;
  promptTime_.count += count;
  promptTime_.nanoseconds += platform::nowNanoseconds() - before;
  return {};
}

Result<uint32_t> Session::sample() {
  if (!hasLogits_)
    return Status(StatusCode::INVALID_ARGUMENT,
                  "there are no logits to choose from; evaluate a token first");
  platform::FloatMode mode;
  return sampler_.sample(logits_, history_, position_);
}

Result<Session::Stop> Session::generate(const GenerateOptions &options, uint64_t &generated) {
  generated = 0;
  const Tokenizer *tokenizer = model().tokenizer();
  auto report = [&](uint32_t token) {
    text_.clear();
    if (tokenizer && token != kNoToken)
      detokenizer_.append(tokenizer->textBytes(token), text_);
    else
      detokenizer_.finish(text_);
    if (!options.callback || (token == kNoToken && text_.empty()))
      return false;
    return options.callback(options.user, token, text_);
  };
  Stop stop = Stop::Limit;
  while (generated < options.maxTokens) {
    uint64_t before = platform::nowNanoseconds();
    Result<uint32_t> token = sample();
    if (!token.ok())
      return std::move(token).status();
    if (!options.ignoreEnd && model().isEndOfSequence(*token)) {
      stop = Stop::End;
      break;
    }
    ++generated;
    uint64_t reported = platform::nowNanoseconds();
    bool asked = report(*token);
    uint64_t resumed = platform::nowNanoseconds();
    if (position_ == model().metadata().maxContext) {
      stop = Stop::Context;
      break;
    }
    if (Status status = evalRows(&*token, 1, nullptr); !status.ok())
      return status;
    generationTime_.count += 1;
    // The caller's own work in the callback is not the model's.
    generationTime_.nanoseconds += platform::nowNanoseconds() - resumed + (reported - before);
    if (asked) {
      stop = Stop::Callback;
      break;
    }
  }
  report(kNoToken);
  return stop;
}

static std::string shapeText(DataType type, const std::vector<uint64_t> &dims) {
  std::string text = std::string(dataTypeWord(type)) + " [";
  for (size_t i = 0; i < dims.size(); ++i)
    text += (i == 0 ? "" : ", ") + (dims[i] == kDynamicDim ? "rows" : std::to_string(dims[i]));
  return text + "]";
}

/// Matches the given tensors with the signature; `rows` is 0 or the dynamic dimension.
static Status matchTensors(const char *what, const std::vector<ValueInfo> &values,
                           const std::vector<Session::Tensor> &tensors, uint64_t &rows,
                           std::vector<void *> &pointers) {
  std::string names;
  for (const ValueInfo &value : values)
    names += (names.empty() ? "" : ", ") + value.name + " " + shapeText(value.type, value.dims);
  if (tensors.size() != values.size())
    return Status(StatusCode::INVALID_ARGUMENT, std::to_string(tensors.size()) + " " + what +
                                                    "s were given; the function has " + names);
  pointers.assign(values.size(), nullptr);
  for (size_t i = 0; i < tensors.size(); ++i) {
    const Session::Tensor &tensor = tensors[i];
    size_t at = i;
    if (tensor.name)
      for (at = 0; at < values.size() && values[at].name != tensor.name;)
        ++at;
    if (at == values.size())
      return Status(StatusCode::INVALID_ARGUMENT, std::string("there is no ") + what + " named '" +
                                                      tensor.name + "'; the function has " + names);
    const ValueInfo &value = values[at];
    std::string name = std::string(what) + " " + value.name;
    if (pointers[at])
      return Status(StatusCode::INVALID_ARGUMENT, name + " was given twice");
    bool same = tensor.type == value.type && tensor.dims.size() == value.dims.size();
    uint64_t bytes = 4;
    for (size_t d = 0; same && d < value.dims.size(); ++d) {
      uint64_t expected = value.dims[d];
      if (expected == kDynamicDim) {
        if (rows == 0)
          rows = tensor.dims[d];
        expected = rows;
      }
      same = tensor.dims[d] == expected && checkedMul(bytes, expected, bytes);
    }
    if (!same)
      return Status(StatusCode::MISMATCH, name + " is " + shapeText(tensor.type, tensor.dims) +
                                              ", expected " + shapeText(value.type, value.dims));
    if (tensor.bytes != bytes)
      return Status(StatusCode::INVALID_ARGUMENT, name + " has " + std::to_string(tensor.bytes) +
                                                      " bytes, its shape needs " +
                                                      std::to_string(bytes));
    if (!tensor.data || reinterpret_cast<uintptr_t>(tensor.data) % 4 != 0)
      return Status(StatusCode::INVALID_ARGUMENT, name + " must have data, aligned to 4 bytes");
    pointers[at] = tensor.data;
  }
  return {};
}

Status Session::callFunction(const std::vector<Tensor> &inputs,
                             const std::vector<Tensor> &outputs) {
  const Metadata &metadata = model().metadata();
  if (metadata.kind != ModelKind::Function)
    return Status(StatusCode::INVALID_ARGUMENT,
                  "the artifact is a language model, it takes tokens and no tensors");
  uint64_t rows = 0;
  std::vector<void *> in, out;
  if (Status status = matchTensors("input", metadata.inputs, inputs, rows, in); !status.ok())
    return status;
  if (Status status = matchTensors("output", metadata.outputs, outputs, rows, out); !status.ok())
    return status;
  if (rows > metadata.maxRows)
    return Status(StatusCode::RESOURCE_LIMIT, std::to_string(rows) +
                                                  " rows in one call, the artifact takes " +
                                                  std::to_string(metadata.maxRows));
  // A static signature: its rows are the first dimension of the first input.
  if (rows == 0)
    rows =
        metadata.inputs.empty() || metadata.inputs[0].dims.empty() ? 1 : metadata.inputs[0].dims[0];
  std::vector<const void *> constIn(in.begin(), in.end());
  return launch(0, constIn.data(), out.data(), rows, 0, 0);
}

Status Session::callRaw(uint32_t function, const void *const *inputs, void *const *outputs,
                        uint64_t rows) {
  return launch(function, inputs, outputs, rows, 0, 0);
}

void Session::setTracing(bool on) {
  if (on && !tracing_)
    std::fill(operationTimes_.begin(), operationTimes_.end(), Time{});
  tracing_ = on;
}

} // namespace lobit
