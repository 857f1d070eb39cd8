/// \file
/// Runs the known answers of an artifact on the code variants this CPU can run.
#ifndef LOBIT_RUN_SELF_TEST_H
#define LOBIT_RUN_SELF_TEST_H

#include "runtime/run/Session.h"

namespace lobit {

using SelfTestReport = void (*)(void *user, const char *isa, const char *check, StatusCode status);

/// Checks every variant, or options.isa alone. CHECK_FAILED, naming the first
/// difference, after all checks have run.
Status selfTest(const std::shared_ptr<const Model> &model, const CodeOptions &options,
                unsigned threads, SelfTestReport report, void *user);

} // namespace lobit

#endif // LOBIT_RUN_SELF_TEST_H
