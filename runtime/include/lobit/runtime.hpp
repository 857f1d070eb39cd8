/// \file
/// Thin C++17 ownership over lobit/runtime.h. No exceptions: every call that can fail
/// takes an Error; an object that could not be made is empty.
#ifndef LOBIT_RUNTIME_HPP
#define LOBIT_RUNTIME_HPP

#include "lobit/runtime.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lobit::rt {

/// A zeroed struct with its struct_size set.
template <typename T> T make() {
  T value = {};
  value.struct_size = sizeof(T);
  return value;
}

/// What the last call that took it reported.
class Error {
public:
  explicit operator bool() const { return status_ != LOBIT_STATUS_OK; }
  lobit_status status() const { return status_; }
  const char *message() const { return status_ == LOBIT_STATUS_OK ? "" : error_.message; }
  int exitCode() const { return lobit_status_exit_code(status_); }

  lobit_error *get() { return &error_; }
  bool set(lobit_status status) {
    status_ = status;
    return status == LOBIT_STATUS_OK;
  }

private:
  lobit_error error_ = make<lobit_error>();
  lobit_status status_ = LOBIT_STATUS_OK;
};

class Model {
public:
  static Model open(const std::string &path, Error &error,
                    const lobit_load_options *options = nullptr) {
    lobit_model *model = nullptr;
    error.set(lobit_model_open_file(path.c_str(), options, &model, error.get()));
    return Model(model);
  }
  static Model open(const void *bytes, size_t size, Error &error,
                    const lobit_load_options *options = nullptr) {
    lobit_model *model = nullptr;
    error.set(lobit_model_open_memory(bytes, size, options, &model, error.get()));
    return Model(model);
  }
  static Model open(const lobit_embedded &embedded, Error &error,
                    const lobit_load_options *options = nullptr) {
    lobit_model *model = nullptr;
    error.set(lobit_model_open_embedded(&embedded, options, &model, error.get()));
    return Model(model);
  }
  Model() = default;
  explicit operator bool() const { return handle_ != nullptr; }
  lobit_model *get() const { return handle_.get(); }

  lobit_model_info info() const {
    auto info = make<lobit_model_info>();
    lobit_model_get_info(get(), &info);
    return info;
  }
  std::vector<uint32_t> tokenize(std::string_view text, uint32_t flags, Error &error) const {
    size_t count = 0;
    std::vector<uint32_t> tokens;
    if (!error.set(lobit_model_tokenize(get(), text.data(), text.size(), flags, nullptr, 0, &count,
                                        error.get())))
      return tokens;
    tokens.resize(count);
    error.set(lobit_model_tokenize(get(), text.data(), text.size(), flags, tokens.data(), count,
                                   &count, error.get()));
    return tokens;
  }
  std::string_view tokenBytes(uint32_t token) const {
    const char *bytes = nullptr;
    size_t size = 0;
    lobit_model_token_bytes(get(), token, &bytes, &size);
    return {bytes, size};
  }

private:
  explicit Model(lobit_model *model) : handle_(model) {}
  struct Release {
    void operator()(lobit_model *model) const { lobit_model_release(model); }
  };
  std::unique_ptr<lobit_model, Release> handle_;
};

class Code {
public:
  static Code bind(const Model &model, Error &error, const lobit_code_options *options = nullptr) {
    lobit_code *code = nullptr;
    error.set(lobit_code_bind(model.get(), options, &code, error.get()));
    return Code(code);
  }
  Code() = default;
  explicit operator bool() const { return handle_ != nullptr; }
  lobit_code *get() const { return handle_.get(); }
  const char *isa() const { return lobit_code_isa(get()); }

private:
  explicit Code(lobit_code *code) : handle_(code) {}
  struct Release {
    void operator()(lobit_code *code) const { lobit_code_release(code); }
  };
  std::unique_ptr<lobit_code, Release> handle_;
};

class Session {
public:
  /// threads 0: one for each CPU.
  static Session create(const Code &code, uint32_t threads, Error &error) {
    auto options = make<lobit_session_options>();
    options.threads = threads;
    lobit_session *session = nullptr;
    error.set(lobit_session_create(code.get(), &options, &session, error.get()));
    return Session(session);
  }
  Session() = default;
  explicit operator bool() const { return handle_ != nullptr; }
  lobit_session *get() const { return handle_.get(); }

  uint64_t position() const { return lobit_session_position(get()); }
  const float *logits() const { return lobit_session_logits(get()); }
  const float *hidden() const { return lobit_session_hidden(get()); }
  bool rewind(uint64_t position, Error &error) {
    return error.set(lobit_session_rewind(get(), position, error.get()));
  }
  bool eval(const std::vector<uint32_t> &tokens, Error &error, float *allLogits = nullptr) {
    return error.set(
        lobit_session_eval(get(), tokens.data(), tokens.size(), allLogits, error.get()));
  }
  bool evalText(std::string_view text, Error &error, uint32_t flags = LOBIT_TEXT_AUTO_BOS) {
    return error.set(lobit_session_eval_text(get(), text.data(), text.size(), flags, error.get()));
  }
  bool setSampling(const lobit_sampling &sampling, Error &error) {
    return error.set(lobit_session_set_sampling(get(), &sampling, error.get()));
  }
  /// Calls onPiece(const lobit_piece &) -> bool (true: stop) for every token; returns
  /// the reason for stopping, LOBIT_STOP_...
  template <typename OnPiece>
  int32_t generate(uint64_t maxTokens, OnPiece &&onPiece, Error &error, bool ignoreEnd = false) {
    auto options = make<lobit_generate_options>();
    options.max_tokens = maxTokens;
    options.ignore_end = ignoreEnd;
    options.callback = [](void *user, const lobit_piece *piece) -> int {
      return (*static_cast<std::remove_reference_t<OnPiece> *>(user))(*piece);
    };
    options.user = &onPiece;
    int32_t reason = LOBIT_STOP_LIMIT;
    error.set(lobit_session_generate(get(), &options, nullptr, &reason, error.get()));
    return reason;
  }
  bool call(const std::vector<lobit_tensor> &inputs, const std::vector<lobit_tensor> &outputs,
            Error &error) {
    return error.set(lobit_function_call(get(), inputs.data(), inputs.size(), outputs.data(),
                                         outputs.size(), error.get()));
  }
  lobit_statistics statistics() const {
    auto statistics = make<lobit_statistics>();
    lobit_session_get_statistics(get(), &statistics);
    return statistics;
  }

private:
  explicit Session(lobit_session *session) : handle_(session) {}
  struct Release {
    void operator()(lobit_session *session) const { lobit_session_release(session); }
  };
  std::unique_ptr<lobit_session, Release> handle_;
};

} // namespace lobit::rt

#endif // LOBIT_RUNTIME_HPP
