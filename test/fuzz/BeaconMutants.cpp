/// \file
/// Seeded mutants of keyed beacons: none may be accepted, none may crash.
/// usage: beacon_mutants COUNT SEED            counts what is refused, and why
///        beacon_mutants --print COUNT SEED    also writes every mutant and whether it is
///                                             accepted without the key, for a second reader
#include "test/fuzz/BeaconMutants.h"
#include "runtime/beacon/Summary.h"
#include "runtime/beacon/Verify.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

using namespace lobit;
using namespace lobit::beacon;
using lobit::beacon::test::Bytes;

static Bytes makeBeacon(const Key &key, uint32_t dim, uint64_t variant) {
  std::mt19937_64 random(variant);
  std::vector<double> rows(5 * dim);
  for (double &x : rows)
    x = double(int64_t(random() >> 44)) / 65536 - 8;
  Content content;
  content.ids = {"space", "model", "pi"};
  Results results;
  Judgement judgement;
  if (variant % 2 == 1)
    judgement.thresholds = {{Metric::Sds, 1e6}, {Metric::CosMu, -1}};
  const SigmaChoice sigma = variant % 3 == 1 ? SigmaChoice{SigmaChoice::LowRank, 2} : SigmaChoice();
  Result<Summary> summary = summarize(Rows<double>(rows.data(), 5, dim), sigma, true);
  if (!summary.ok() || !describe(*summary, nullptr, judgement, content, results).ok())
    abort();
  if (variant % 3 != 0) {
    Origin origin;
    origin.keyId = key.id();
    origin.sequence = variant;
    content.origin = origin;
    content.artifact = Content::ArtifactName{Digest{}, "logits"};
  }
  Result<Bytes> bytes = writeBeacon(content, &key);
  if (!bytes.ok())
    abort();
  return *bytes;
}

int main(int argc, char **argv) {
  const bool print = argc == 4 && strcmp(argv[1], "--print") == 0;
  if (argc != 3 && !print) {
    fprintf(stderr, "usage: beacon_mutants [--print] COUNT SEED\n");
    return 2;
  }
  const unsigned long count = strtoul(argv[argc - 2], nullptr, 10);
  const unsigned long seed = strtoul(argv[argc - 1], nullptr, 10);
  uint8_t keyBytes[32];
  for (unsigned i = 0; i < sizeof(keyBytes); ++i)
    keyBytes[i] = uint8_t(i);
  const Key key = std::move(Key::make(keyBytes, sizeof(keyBytes))).value();
  std::vector<Bytes> good;
  for (uint64_t variant = 0; variant < 6; ++variant)
    good.push_back(makeBeacon(key, variant < 3 ? 4 : 9, variant));
  std::mt19937_64 random(seed);
  std::map<std::string, unsigned long> reasons;
  unsigned long accepted = 0, unchanged = 0, intact = 0;
  for (unsigned long i = 0; i < count; ++i) {
    const Bytes &from = good[random() % good.size()];
    const Bytes bytes = beacon::test::mutant(from, good[random() % good.size()], random);
    if (std::find(good.begin(), good.end(), bytes) != good.end()) {
      ++unchanged; // changes that undo each other, or make another good beacon
      continue;
    }
    const ByteView view = {bytes.data(), bytes.size()};
    Request request;
    const Verdict open = verify(view, request);
    request.key = &key;
    const Verdict verdict = verify(view, request);
    accepted += verdict.ok() || verdict.authentic == Answer::Yes;
    intact += open.intact == Answer::Yes;
    if (print) {
      const uint32_t size = uint32_t(bytes.size());
      const uint8_t openOk = open.ok() || open.status.code() == StatusCode::DRIFT;
      fwrite(&size, sizeof(size), 1, stdout);
      fwrite(&openOk, 1, 1, stdout);
      fwrite(bytes.data(), 1, bytes.size(), stdout);
    } else {
      std::string reason = verdict.status.message();
      if (reason.substr(0, 8) == "at byte ")
        reason = reason.substr(reason.find(": ") + 2);
      else if (reason.substr(0, 7) == "the CRC")
        reason = "the CRC does not match";
      ++reasons[reason];
    }
  }
  for (const auto &[reason, times] : reasons)
    printf("%9lu %s\n", times, reason.c_str());
  fprintf(print ? stderr : stdout,
          "%lu mutants, seed %lu: %lu accepted, %lu refused (%lu of them by the key alone), %lu "
          "unchanged\n",
          count, seed, accepted, count - accepted - unchanged, intact, unchanged);
  return accepted != 0;
}
