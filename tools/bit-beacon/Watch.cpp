/// \file
/// watch: verifies a folder of beacons and shows drift over time.
#include "runtime/beacon/Decode.h"
#include "tools/bit-beacon/Timeline.h"
#include "tools/bit-beacon/Verbs.h"
#include "tools/support/OutputFile.h"

#include <cerrno>
#include <cmath>
#include <cstring>
#include <dirent.h>

namespace lobit {
namespace {

struct WatchOptions {
  std::string folder, svg, html;
  KeyOptions key;
};

Result<std::vector<std::string>> beaconFiles(const std::string &folder) {
  DIR *directory = ::opendir(folder.c_str());
  if (!directory)
    return Status(StatusCode::IO, folder + ": cannot be opened: " + strerror(errno));
  std::vector<std::string> names;
  while (const dirent *entry = ::readdir(directory)) {
    const std::string name = entry->d_name;
    if (name.size() > 4 && name[0] != '.' && name.substr(name.size() - 4) == ".bit")
      names.push_back(name);
  }
  ::closedir(directory);
  std::sort(names.begin(), names.end());
  return names;
}

/// Every beacon of a file.
void readEntries(const std::string &folder, const std::string &name, const beacon::Key *key,
                 std::vector<TimelineEntry> &entries) {
  TimelineEntry entry;
  entry.file = name;
  std::fill(std::begin(entry.value), std::end(entry.value), NAN);
  Result<std::vector<uint8_t>> bytes = readBeaconBytes(folder + "/" + name);
  if (!bytes.ok()) {
    entry.verdict.status = bytes.status();
    entries.push_back(entry);
    return;
  }
  uint64_t at = 0;
  do {
    TimelineEntry one = entry;
    beacon::View view;
    const beacon::Fault fault = beacon::parseFirst({bytes->data() + at, bytes->size() - at}, view);
    beacon::Request request;
    request.key = key;
    if (fault.ok()) {
      one.verdict = beacon::verify(view, request);
      at += view.bytes.size;
    } else {
      one.verdict.intact = beacon::Answer::No;
      one.verdict.status = fault.status();
      at = bytes->size();
    }
    if (one.isGenuine()) {
      one.context = hexText(view.context(), beacon::kContextBytes);
      one.tensor = beacon::tensorOf(view);
      one.origin = beacon::originOf(view);
      one.digest = beacon::chainDigest(view);
      const std::string_view json = beacon::resultsText(view);
      if (!json.empty()) {
        for (beacon::Metric metric : beacon::kMetrics)
          one.value[int(metric)] = beacon::resultValue(json, metric);
        one.thresholds = beacon::resultThresholds(json);
      }
    }
    entries.push_back(std::move(one));
  } while (at < bytes->size());
}

Status writeText(const std::string &path, const std::string &text) {
  Result<OutputFile> file = OutputFile::create(path);
  if (!file.ok())
    return std::move(file).status();
  if (Status status = file->write(text.data(), text.size()); !status.ok())
    return status;
  return file->commit();
}

Status run(const WatchOptions &options, const KeyArgument &argument) {
  Result<std::optional<beacon::Key>> key = options.key.load(argument, kBitBeacon);
  if (!key.ok())
    return std::move(key).status();
  Result<std::vector<std::string>> names = beaconFiles(options.folder);
  if (!names.ok())
    return std::move(names).status();
  if (names->empty())
    return Status(StatusCode::MISSING, options.folder + ": there is no .bit file");
  std::vector<TimelineEntry> entries;
  for (const std::string &name : *names)
    readEntries(options.folder, name, *key ? &**key : nullptr, entries);
  linkEntries(entries);
  printf("%s", timelineTable(entries).c_str());
  if (!options.svg.empty())
    if (Status status = writeText(options.svg, timelineSvg(entries)); !status.ok())
      return status;
  if (!options.html.empty())
    if (Status status =
            writeText(options.html, timelineHtml(entries, "Beacons in " + options.folder));
        !status.ok())
      return status;
  size_t refused = 0, drifting = 0, broken = 0;
  for (const TimelineEntry &entry : entries) {
    refused += !entry.isGenuine();
    drifting += entry.isDrift();
    broken += entry.link == Link::Broken || entry.link == Link::Missing;
  }
  if (refused != 0 || broken != 0)
    return Status(StatusCode::CHECK_FAILED, options.folder + ": " + std::to_string(refused) +
                                                " refused, " + std::to_string(broken) +
                                                " missing or broken links");
  if (drifting != 0)
    return Status(StatusCode::DRIFT, options.folder + ": drift in " + std::to_string(drifting) +
                                         " of " + std::to_string(entries.size()) + " beacons");
  return {};
}

} // namespace

void addWatch(CLI::App &app, VerbContext &context) {
  CLI::App *verb = app.add_subcommand("watch", "Verify a folder of beacons and show their drift");
  auto o = std::make_shared<WatchOptions>();
  verb->add_option("folder", o->folder, "All its .bit files are read")->required();
  o->key.add(*verb, "", "Key");
  verb->add_option("--svg", o->svg, "Write the timeline as a picture");
  verb->add_option("--html", o->html, "Write the timeline as a page without references");
  verb->callback([&context, o] {
    context.run = [&context, o] { return report(run(*o, context.keyArgument)); };
  });
}

} // namespace lobit
