#include "tools/quant-bench/Options.h"
#include "runtime/cpu/Cpu.h"
#include "runtime/platform/Thread.h"
#include "runtime/run/ThreadPool.h"
#include "tools/support/Tool.h"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace lobit {
namespace {

int refuse(const std::string &message) {
  return reportError("quant-bench", Status(StatusCode::INVALID_ARGUMENT, message));
}

bool runsHere(const IsaInfo &isa) {
  return isa.arch == hostArch() && !(isa.requiredCpuFeatures & ~detectCpuFeatures());
}

/// Words into the tables; the defaults that depend on this machine.
std::optional<int> complete(BenchOptions &o) {
  for (const std::string &word : o.shapeWords) {
    char *end = nullptr;
    const uint64_t out = std::strtoull(word.c_str(), &end, 10);
    const uint64_t in = *end == 'x' ? std::strtoull(end + 1, &end, 10) : 0;
    if (*end != 0 || out == 0 || in == 0 || out > (1u << 20) || in > (1u << 20))
      return refuse("--shape: expected OUTxIN with both from 1 to 1048576, found \"" + word + "\"");
    o.shapes.emplace_back(out, in);
  }
  unsigned count = 0;
  const LayoutInfo *layouts = allLayouts(count);
  std::string known;
  for (unsigned i = 0; i < count; ++i) {
    known += (i == 0 ? "" : ", ") + std::string(layouts[i].word);
    if (o.formWords.empty() && layouts[i].layout != Layout::RowMajor)
      o.forms.push_back(layouts[i].layout);
  }
  for (const std::string &word : o.formWords) {
    const LayoutInfo *layout = findLayout(word);
    if (!layout)
      return refuse("--form: expected " + known + ", found \"" + word + "\"");
    o.forms.push_back(layout->layout);
  }
  const IsaInfo *isas = allIsas(count);
  const IsaInfo *best = nullptr;
  known.clear();
  for (unsigned i = 0; i < count; ++i)
    if (runsHere(isas[i])) {
      known += (known.empty() ? "" : ", ") + std::string(isas[i].word);
      if (!best || isas[i].rank > best->rank)
        best = &isas[i];
    }
  for (const std::string &word : o.isaWords) {
    const IsaInfo *isa = findIsa(std::string_view(word));
    if (!isa || !runsHere(*isa))
      return refuse("--isa: this CPU runs " + known + ", found \"" + word + "\"");
    o.isas.push_back(isa->isa);
  }
  if (o.isas.empty() && best)
    o.isas.push_back(best->isa);
  if (o.isas.empty())
    return refuse("--isa: there is no code for this CPU");
  if (o.threads.empty()) {
    o.threads.push_back(1);
    if (platform::availableCpus() > 1)
      o.threads.push_back(std::min(platform::availableCpus(), ThreadPool::kMaxThreads));
  }
  return std::nullopt;
}

} // namespace

std::optional<int> parseBenchOptions(int argc, char **argv, BenchOptions &o) {
  CLI::App app("Measures a compiled model, or without one the kernels the compiler makes, beside "
               "the limits of this machine.",
               "quant-bench");
  app.set_version_flag("--version", versionText("quant-bench"));
  app.footer(kExitCodesHelp);
  app.add_option("MODEL", o.model, "The artifact, model.lobit; none: kernels");
  auto list = [](CLI::Option *option) {
    return option->delimiter(',')->allow_extra_args(false)->capture_default_str();
  };

  const char *models = "Models";
  list(app.add_option("-p,--n-prompt", o.prompts, "Tokens of a prompt; 0: no such test"))
      ->group(models);
  list(app.add_option("-n,--n-gen", o.generated, "Tokens to generate; 0: no such test"))
      ->group(models);
  list(app.add_option("-d,--n-depth", o.depths, "Tokens in the context before each test"))
      ->group(models);

  app.add_flag("--copy", o.copy,
               "Read the file into memory, in pages of 2 MiB where the system has them, instead of "
               "mapping it")
      ->group(models);

  const char *kernels = "Kernels";
  list(app.add_option("--shape", o.shapeWords, "Linear layers, OUTxIN"))->group(kernels);
  list(app.add_option("--tokens", o.tokens, "Rows of the input")->check(CLI::Range(1, 4096)))
      ->group(kernels);
  list(app.add_option("--form", o.formWords, "Layouts of the weights (all but row_major)"))
      ->group(kernels);
  app.add_option("--weights", o.memory,
                 "cold: read from memory, as many copies take turns as exceed the caches; hot: one "
                 "copy; both")
      ->check(CLI::IsMember({"cold", "hot", "both"}))
      ->group(kernels)
      ->capture_default_str();

  const char *machine = "Machine";
  list(app.add_option("-t,--threads", o.threads, "Threads (1 and one for each CPU)")
           ->check(CLI::Range(1u, ThreadPool::kMaxThreads)))
      ->group(machine);
  list(app.add_option("--isa", o.isaWords, "Code for these ISAs (the best this CPU can run)"))
      ->group(machine);
  app.add_option("-r,--repetitions", o.repetitions, "Of each test; the median is shown")
      ->check(CLI::Range(1, 1000))
      ->group(machine)
      ->capture_default_str();
  app.add_option("--seconds", o.seconds, "One repetition of a kernel lasts so long")
      ->check(CLI::Range(0.0, 60.0))
      ->group(machine)
      ->capture_default_str();
  app.add_option("--read-mib", o.readMegabytes,
                 "MiB that are read to measure the bandwidth, and at least as many of cold weights")
      ->check(CLI::Range(1, 1 << 20))
      ->group(machine)
      ->capture_default_str();

  const char *output = "Output";
  app.add_flag("--json", o.json, "One JSON object on standard output")->group(output);
  app.add_option("--plot", o.plot, "Draw the roofline and every result, an SVG file")
      ->group(output);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return complete(o);
}

} // namespace lobit
