/// \file
/// The --beacon-* options of quant-run and quant-eval, and the beacon they ask for. A
/// build without beacons has the same class with no options.
#ifndef LOBIT_TOOLS_SUPPORT_BEACON_OPTION_H
#define LOBIT_TOOLS_SUPPORT_BEACON_OPTION_H

#include "lobit/runtime.hpp"
#include "runtime/format/Status.h"

#include <memory>

namespace CLI {
class App;
}

namespace lobit {

class BeaconOption {
public:
  /// Wipes a key out of argv; call before argv is parsed.
  BeaconOption(int argc, char **argv, const char *tool);
  ~BeaconOption();

  void add(CLI::App &app);
  /// After parsing. INVALID_ARGUMENT when there are other options without --beacon-out.
  Status check(const CLI::App &app) const;
  bool isGiven() const;
  /// As it was given: empty, logits, hidden, or an output of a function.
  const std::string &tensor() const;

  /// Loads key and reference, and records logits or hidden states of everything that the
  /// session of a language model evaluates.
  Status observe(const rt::Model &model, rt::Session &session);
  /// Loads key and reference; rows of a function's output `name` have `dim` numbers.
  Status start(const rt::Model &model, const std::string &name, uint64_t dim);
  void record(const float *row);

  /// Writes the beacon. Its results are known afterwards.
  Status write();
  /// DRIFT when a threshold is exceeded.
  Status drift() const;
  struct Result {
    std::string path;
    uint64_t bytes, rows;
    bool authenticated, alert;
    double sds, normDmu, cosMu, trSigma; ///< NaN: not known
    double seconds;                      ///< that making and writing it took
  };
  Result result() const;
  /// "out.bit: 128 rows, 1234 bytes, authenticated, SDS 0.375, ..."
  std::string line() const;

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace lobit

#endif // LOBIT_TOOLS_SUPPORT_BEACON_OPTION_H
