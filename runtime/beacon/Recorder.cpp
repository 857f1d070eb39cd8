#include "runtime/beacon/Recorder.h"

namespace lobit::beacon {

Result<Recorder> Recorder::create(RecorderOptions options) {
  if (Status status = checkIds(options.ids); !status.ok())
    return status;
  Result<Window> window = Window::create(options.dim, options.maxRows, options.keep, options.sigma,
                                         Projection::parse(options.ids.pi));
  if (!window.ok())
    return std::move(window).status();
  if (options.reference && options.reference->mu.size() != window->dim())
    return Status(StatusCode::MISMATCH,
                  "the reference has " + std::to_string(options.reference->mu.size()) +
                      " dimensions, the window " + std::to_string(window->dim()));
  Recorder recorder;
  recorder.options_ = std::move(options);
  recorder.window_ = std::move(window).value();
  return recorder;
}

void Recorder::add(const float *row) {
  if (status_.ok())
    status_ = window_.add(row);
}

Result<Recorder::Finished> Recorder::finish(const Key *key) const {
  if (!status_.ok())
    return status_;
  if (window_.rows() == 0)
    return Status(StatusCode::INVALID_ARGUMENT, "a beacon needs at least one row; nothing was "
                                                "evaluated");
  Result<Summary> summary = window_.summarize(!options_.reference);
  if (!summary.ok())
    return std::move(summary).status();
  Content content;
  Finished finished;
  content.ids = options_.ids;
  content.artifact = options_.artifact;
  content.origin = options_.origin;
  if (Status status = describe(*summary, options_.reference ? &*options_.reference : nullptr,
                               options_.judgement, content, finished.results);
      !status.ok())
    return status;
  content.deltaQ16 = options_.deltaQ16.value_or(autoDelta(content.mu));
  Result<std::vector<uint8_t>> bytes = writeBeacon(content, key);
  if (!bytes.ok())
    return std::move(bytes).status();
  finished.bytes = std::move(bytes).value();
  return finished;
}

} // namespace lobit::beacon
