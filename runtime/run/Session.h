/// \file
/// One conversation over a shared model, or one caller of a function: state, scratch,
/// threads, sampling. Everything is allocated at creation.
#ifndef LOBIT_RUN_SESSION_H
#define LOBIT_RUN_SESSION_H

#include "runtime/load/Code.h"
#include "runtime/run/Sampler.h"
#include "runtime/run/ThreadPool.h"

namespace lobit {

class Session {
public:
  static Result<std::unique_ptr<Session>> create(std::shared_ptr<const Code> code,
                                                 unsigned threads);

  const Model &model() const { return code_->model(); }
  const Code &code() const { return *code_; }
  unsigned threads() const { return pool_->threads(); }

  //===--- language models --------------------------------------------------===//
  uint64_t position() const { return position_; }
  Status rewind(uint64_t position);
  /// Evaluates tokens as a prompt; allLogits is null or [count, vocab].
  Status eval(const uint32_t *tokens, uint64_t count, float *allLogits);
  /// Null before the first evaluation.
  const float *logits() const { return hasLogits_ ? logits_ : nullptr; }

  /// The final hidden state after the last token, [hidden]: what the head multiplies. Null
  /// before the first evaluation, or when the code does not tell where it is.
  const float *hidden() const {
    return hasLogits_ && hiddenRows_ ? hiddenRows_ + lastRow_ * model().metadata().hidden : nullptr;
  }

  /// Sees the logits, or the final hidden state, of every evaluated position, in order.
  /// Null: none.
  using Observer = void (*)(void *user, uint64_t position, const float *row);
  Status setObserver(Observer observer, void *user);
  Status setHiddenObserver(Observer observer, void *user);

  Status setSampling(const Sampling &sampling) { return sampler_.set(sampling); }
  Result<uint32_t> sample();

  enum class Stop { Limit = 0, End = 1, Context = 2, Callback = 3 };
  struct GenerateOptions {
    uint64_t maxTokens = 0;
    bool ignoreEnd = false;
    /// `token` is kNoToken for the rest of the text; returns whether to stop.
    bool (*callback)(void *user, uint32_t token, std::string_view text) = nullptr;
    void *user = nullptr;
  };
  Result<Stop> generate(const GenerateOptions &options, uint64_t &generated);

  //===--- functions ---------------------------------------------------------===//
  struct Tensor {
    const char *name; ///< null: by position
    DataType type;
    std::vector<uint64_t> dims;
    void *data;
    uint64_t bytes;
  };
  Status callFunction(const std::vector<Tensor> &inputs, const std::vector<Tensor> &outputs);

  /// Calls one function of the code table once; for known answers.
  Status callRaw(uint32_t function, const void *const *inputs, void *const *outputs, uint64_t rows);

  //===--- facts ---------------------------------------------------------------===//
  struct Time {
    uint64_t count = 0;
    uint64_t nanoseconds = 0;
  };
  Time promptTime() const { return promptTime_; }
  Time generationTime() const { return generationTime_; }
  uint64_t memoryBytes() const;

  void setTracing(bool on);
  const std::vector<Time> &operationTimes() const { return operationTimes_; }

private:
  Session() = default;
  Status evalRows(const uint32_t *tokens, uint64_t count, float *allLogits);
  /// Once for each model: checks its weights with all threads of the session.
  Status requireWeights();
  Status launch(uint32_t function, const void *const *inputs, void *const *outputs, uint64_t rows,
                uint64_t position, uint64_t firstOutputRow);
  static void runThread(void *session, unsigned thread);
  static void checkThread(void *check, unsigned thread);
  static void arriveAtBarrier(void *session);
  static void traceOperation(void *session, uint64_t operation);

  std::shared_ptr<const Code> code_;
  std::unique_ptr<ThreadPool> pool_;
  platform::Memory scratch_, state_, work_;
  std::vector<LobitFrame> frames_; ///< one for each thread
  bool weightsPassed_ = false;
  LobitFunction function_ = nullptr;
  uint32_t nonfinite_ = 0;

  uint64_t position_ = 0;
  bool hasLogits_ = false;
  float *logits_ = nullptr;     ///< [vocab], in work_
  uint32_t *history_ = nullptr; ///< [maxContext], in work_
  Observer observer_ = nullptr;
  void *observerUser_ = nullptr;
  Observer hiddenObserver_ = nullptr;
  void *hiddenUser_ = nullptr;
  const float *hiddenRows_ = nullptr; ///< [maxRows, hidden], in scratch_; may be null
  uint64_t lastRow_ = 0;              ///< of the last call
  platform::Memory observed_;         ///< [maxRows, vocab] f32, with an observer
  Sampler sampler_;
  Detokenizer detokenizer_;
  std::string text_;

  Time promptTime_, generationTime_;
  bool tracing_ = false;
  uint64_t lastTrace_ = 0;
  std::vector<Time> operationTimes_;
};

} // namespace lobit

#endif // LOBIT_RUN_SESSION_H
