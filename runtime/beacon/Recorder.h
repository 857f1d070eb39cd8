/// \file
/// A beacon of a running model: rows in, bytes out.
#ifndef LOBIT_BEACON_RECORDER_H
#define LOBIT_BEACON_RECORDER_H

#include "runtime/beacon/Window.h"

namespace lobit::beacon {

struct RecorderOptions {
  uint32_t dim = 0;
  uint64_t maxRows = 128;
  Keep keep = Keep::Last;
  SigmaChoice sigma;
  ContextIds ids;                                      ///< a pi id rp:<seed>:<k> projects every row
  std::optional<uint32_t> deltaQ16 = kDefaultDeltaQ16; ///< nothing: auto
  Judgement judgement;
  std::optional<Reference> reference;
  std::optional<Content::ArtifactName> artifact;
  std::optional<Origin> origin;
};

class Recorder {
public:
  static Result<Recorder> create(RecorderOptions options);
  Recorder() = default;

  /// Errors are kept for finish, so that this fits into a callback.
  void add(const float *row);
  uint64_t rows() const { return window_.rows(); }

  struct Finished {
    std::vector<uint8_t> bytes;
    Results results;
  };
  /// The beacon of the rows so far; more may follow.
  Result<Finished> finish(const Key *key) const;

private:
  RecorderOptions options_;
  Window window_;
  Status status_;
};

} // namespace lobit::beacon

#endif // LOBIT_BEACON_RECORDER_H
