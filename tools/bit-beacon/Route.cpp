/// \file
/// route: the routing key of a beacon, and its shard.
#include "runtime/beacon/Routing.h"
#include "tools/bit-beacon/Verbs.h"

namespace lobit {
namespace {

struct RouteOptions {
  std::string input;
  uint64_t shards = 0;
  bool content = false;
};

Status run(const RouteOptions &options) {
  Result<std::vector<uint8_t>> bytes = readBeaconBytes(options.input);
  if (!bytes.ok())
    return std::move(bytes).status();
  uint64_t at = 0;
  do {
    beacon::View view;
    const beacon::Fault fault = beacon::parseFirst({bytes->data() + at, bytes->size() - at}, view);
    if (!fault.ok())
      return fault.status().withContext(options.input);
    const Digest key = options.content ? beacon::contentKey(view) : beacon::routingKey(view);
    printf("%s", hexText(key).c_str());
    if (options.shards != 0)
      printf(" %llu", (unsigned long long)beacon::shardOf(key, options.shards));
    printf("\n");
    at += view.bytes.size;
  } while (at < bytes->size());
  return {};
}

} // namespace

void addRoute(CLI::App &app, VerbContext &context) {
  CLI::App *verb = app.add_subcommand(
      "route", "The routing key, for placing and finding; it is public and proves nothing");
  auto o = std::make_shared<RouteOptions>();
  verb->add_option("input", o->input, "One or more beacons in a file")->required();
  verb->add_option("--shards", o->shards, "Print the shard of so many, too")
      ->check(CLI::PositiveNumber);
  verb->add_flag("--content", o->content,
                 "A key of context, configuration and mean alone: the same after re-signing");
  verb->callback([&context, o] { context.run = [o] { return report(run(*o)); }; });
}

} // namespace lobit
