/// \file
/// Status and Result: how every part of Lobit reports an error. No exceptions.
#ifndef LOBIT_FORMAT_STATUS_H
#define LOBIT_FORMAT_STATUS_H

#include <cstdint>
#include <string>
#include <utility>

namespace lobit {

enum class StatusCode : int32_t {
#define LOBIT_STATUS(NAME, value, exitCode, text) NAME = value,
#include "runtime/format/StatusCodes.inc"
};

/// The short text of a code ("malformed input").
const char *statusText(StatusCode code);
/// The documented process exit code of a status code.
int statusExitCode(StatusCode code);

/// A code and one sentence that names the file or tensor, what was expected,
/// what was found and what to do.
class [[nodiscard]] Status {
public:
  Status() = default;
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == StatusCode::OK; }
  StatusCode code() const { return code_; }
  const std::string &message() const { return message_; }

  /// The same status with `context: ` before its message.
  Status withContext(const std::string &context) && {
    message_ = context + ": " + message_;
    return std::move(*this);
  }

private:
  StatusCode code_ = StatusCode::OK;
  std::string message_;
};

/// A value or the status that says why there is none.
/// `value()` may only be called when `ok()`.
template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : value_(std::move(value)) {}
  Result(Status status) : status_(std::move(status)) {}

  bool ok() const { return status_.ok(); }
  const Status &status() const & { return status_; }
  Status &&status() && { return std::move(status_); }
  T &value() & { return value_; }
  const T &value() const & { return value_; }
  T &&value() && { return std::move(value_); }
  T &operator*() { return value_; }
  const T &operator*() const { return value_; }
  T *operator->() { return &value_; }
  const T *operator->() const { return &value_; }

private:
  Status status_;
  T value_{};
};

} // namespace lobit

#endif // LOBIT_FORMAT_STATUS_H
