/// \file
/// Beacons of a folder over time, as a table and as a picture.
#ifndef LOBIT_TOOLS_BIT_BEACON_TIMELINE_H
#define LOBIT_TOOLS_BIT_BEACON_TIMELINE_H

#include "runtime/beacon/Verify.h"

#include <string>
#include <vector>

namespace lobit {

/// How a beacon follows the one before it in its chain.
enum class Link { None, First, Follows, Missing, Broken };
const char *linkWord(Link link);

struct TimelineEntry {
  std::string file;
  std::string context; ///< hex; empty when the file is no beacon
  std::string tensor;  ///< of the artifact it names, or empty
  std::optional<beacon::Origin> origin;
  beacon::Verdict verdict;
  Digest digest{};
  Link link = Link::None;
  double value[4] = {}; ///< by Metric; NaN when not known
  std::vector<beacon::Threshold> thresholds;

  bool isGenuine() const { return verdict.ok() || verdict.status.code() == StatusCode::DRIFT; }
  bool isDrift() const { return verdict.status.code() == StatusCode::DRIFT; }
};

/// Sorts by chain and sequence (what is refused: by name) and finds what is missing or broken
/// between neighbours.
void linkEntries(std::vector<TimelineEntry> &entries);

std::string timelineTable(const std::vector<TimelineEntry> &entries);
/// One self-contained SVG picture: SDS, norm_dmu and cos_mu, thresholds, and the chain.
std::string timelineSvg(const std::vector<TimelineEntry> &entries);
/// The picture and the table on one page without references to anything else.
std::string timelineHtml(const std::vector<TimelineEntry> &entries, const std::string &title);

} // namespace lobit

#endif // LOBIT_TOOLS_BIT_BEACON_TIMELINE_H
