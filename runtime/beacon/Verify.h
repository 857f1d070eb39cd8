/// \file
/// The strict verifier: form, CRC, HMAC, context, origin, numbers, in this order; and
/// three separate answers.
#ifndef LOBIT_BEACON_VERIFY_H
#define LOBIT_BEACON_VERIFY_H

#include "runtime/beacon/Chain.h"
#include "runtime/beacon/Results.h"

namespace lobit::beacon {

struct Request {
  const Key *key = nullptr;      ///< with a key, HMAC must be present and right
  bool requireAuth = false;      ///< without a key: fails
  std::optional<ContextIds> ids; ///< the context must be that of these ids
  OriginPolicy origin;
};

enum class Answer { Yes, No, NotChecked };
const char *answerWord(Answer answer);

struct Verdict {
  Answer intact = Answer::NotChecked;     ///< form and CRC
  Answer authentic = Answer::NotChecked;  ///< HMAC
  Answer acceptable = Answer::NotChecked; ///< context, origin, numbers, thresholds
  Status status;                          ///< why not: the first thing that does not hold

  bool ok() const { return status.ok(); }
};

/// Checks one parsed beacon. DRIFT when everything holds but the beacon says that a
/// threshold was exceeded.
Verdict verify(const View &view, const Request &request);
/// Parses and checks bytes that are one beacon.
Verdict verify(ByteView bytes, const Request &request);

/// Numbers finite, variances not negative, t0 <= t1, results canonical, names UTF-8.
Fault checkValues(const View &view);

} // namespace lobit::beacon

#endif // LOBIT_BEACON_VERIFY_H
