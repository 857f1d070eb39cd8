#include "tools/quant-run/Options.h"
#include "tools/support/Tool.h"

#include <CLI/CLI.hpp>

namespace lobit {

std::optional<int> parseRunOptions(int argc, char **argv, RunOptions &o, BeaconOption &beacon) {
  CLI::App app("Runs a compiled model: writes text, or calls a function on .npy files.",
               "quant-run");
  app.set_version_flag("--version", versionText("quant-run"));
  app.footer(kExitCodesHelp);
  app.add_option("model", o.model, "The artifact, model.lobit");

  const char *text = "Language models";
  CLI::Option *prompt = app.add_option("-p", o.prompt, "The prompt")->group(text);
  CLI::Option *file =
      app.add_option("--prompt-file", o.promptFile, "A file with the prompt")->group(text);
  CLI::Option *tokens =
      app.add_option("--tokens", o.tokens, "The prompt as token ids, 1,2,3")->group(text);
  prompt->excludes(file)->excludes(tokens);
  file->excludes(tokens);
  app.add_option("-n", o.count, "Tokens to generate (128; with --logits 0)")->group(text);
  app.add_option("--temperature", o.temperature, "0 takes the most likely token always")
      ->group(text)
      ->capture_default_str();
  app.add_option("--top-k", o.topK, "Only the K most likely tokens; 0: all")
      ->group(text)
      ->capture_default_str();
  app.add_option("--top-p", o.topP, "Only the most likely tokens that sum to P")
      ->group(text)
      ->capture_default_str();
  app.add_option("--min-p", o.minP, "Only tokens at least P times as likely as the first")
      ->group(text)
      ->capture_default_str();
  app.add_option("--repetition-penalty", o.repetitionPenalty, "Above 1: avoid earlier tokens")
      ->group(text)
      ->capture_default_str();
  app.add_option("--seed", o.seed, "The same seed gives the same text")
      ->group(text)
      ->capture_default_str();
  app.add_option("--logits", o.logits,
                 "Write f32 [positions, vocab] of every prompt position to a .npy file")
      ->group(text);

  const char *functions = "Functions";
  app.add_option("--input", o.inputs, "[NAME=]X.npy, once for each input")
      ->allow_extra_args(false)
      ->group(functions);
  app.add_option("--output", o.outputs, "[NAME=]Y.npy, once for each output")
      ->allow_extra_args(false)
      ->group(functions);

  const char *machine = "Machine";
  app.add_option("-t", o.threads, "Threads; 0: one for each CPU")
      ->group(machine)
      ->capture_default_str();
  app.add_option("--isa", o.isa, "Force the code for one ISA (the best this CPU can run)")
      ->group(machine);
  app.add_flag("--copy", o.copy,
               "Read the file into memory (pages of 2 MiB where the system has them) instead of "
               "mapping it")
      ->group(machine);
  app.add_flag("--self-test", o.selfTest, "Check the known answers in the artifact")
      ->group(machine);
  app.add_flag("--list-isas", o.listIsas, "Show which ISAs run here and why others do not, and end")
      ->group(machine);

  beacon.add(app);

  const char *output = "Output";
  app.add_flag("--explain", o.explain, "Show kernel, layout, bytes and time of every operation")
      ->group(output);
  app.add_flag("--json", o.json, "One JSON object on standard output")->group(output);

  // For tests under an emulator; not part of the documented interface.
  app.add_option("--assume-cpu-features", o.assumeCpuFeatures)->group("");

  try {
    app.parse(argc, argv);
    if (o.model.empty() && !o.listIsas)
      throw CLI::RequiredError("model");
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (Status status = beacon.check(app); !status.ok())
    return reportError("quant-run", status);
  return std::nullopt;
}

} // namespace lobit
