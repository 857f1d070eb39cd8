#include "tools/quant-compile/Options.h"
#include "tools/quant-compile/ReferenceBeacons.h"
#include "tools/quant-compile/Targets.h"
#include "tools/support/Tool.h"

#include <CLI/CLI.hpp>

namespace lobit {

std::optional<int> parseCompileOptions(int argc, char **argv, CompileOptions &o) {
  CLI::App app("Compiles a model into one file that the Lobit runtime loads and runs.",
               "quant-compile");
  app.set_version_flag("--version", versionText("quant-compile"));
  app.footer(kExitCodesHelp);
  app.add_option("MODEL", o.model,
                 "Directory of a checkpoint (config.json, *.safetensors, tokenizer.json), or a "
                 "file .mlir or .mlirbc");
  app.add_option("-o", o.output, "Output file; - is standard output (model.lobit; text: -)");

  const char *numbers = "Quantization";
  app.add_option(
         "--quantize", o.quantize,
         "Linear layers: auto, keep, int8, int6, int4 or ternary, with :METHOD and more (see "
         "docs/quantization.md)")
      ->group(numbers)
      ->capture_default_str();
  app.add_option("--layer", o.layers,
                 "REGEX=SCHEME for layers whose name matches, repeatable, the last match decides")
      ->group(numbers)
      ->type_name("RE=SCHEME")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--weight-scale", o.weightScale,
                 "What a stored weight_scale does to packed codes: multiply or divide (as the "
                 "model's config says)")
      ->group(numbers)
      ->check(CLI::IsMember({"multiply", "divide"}));
  app.add_option("--nonfinite", o.nonFinite,
                 "NaN and infinite weights: error, zero, or clamp to the largest number")
      ->group(numbers)
      ->check(CLI::IsMember({"error", "zero", "clamp"}))
      ->capture_default_str();
  app.add_option("--calibration", o.calibration,
                 std::string("A text for the model to read: output errors and perplexity in the "
                             "report, statistics for int6:weighted and int6:obs") +
                     (makesReferenceBeacons()
                          ? ", and the reference of quant-run --beacon-ref builtin"
                          : "; this build has no beacons and stores none"))
      ->group(numbers)
      ->type_name("TEXT");
  app.add_option("--calibration-tokens", o.calibrationTokens, "How many tokens of it")
      ->group(numbers)
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--gate", o.gate,
                 "Largest relative error of a quantized layer, of its outputs with --calibration, "
                 "else of its weights; above it nothing is written and the exit code is 7")
      ->group(numbers)
      ->check(CLI::NonNegativeNumber);
  app.add_option("--report", o.report, "Write what was done to each layer as JSON")->group(numbers);
  app.add_flag("--dry-run", o.dryRun, "Quantize and report, but write no model")->group(numbers);

  const char *code = "Code";
  app.add_option("--target", o.target,
                 "Words separated by commas: " + targetWords() +
                     "; the baseline of an architecture is always added to an artifact")
      ->group(code)
      ->capture_default_str();
  app.add_flag("--list-targets", o.listTargets, "Show what code can be generated for, and end")
      ->group(code);
  app.add_option("--kernel", o.kernel,
                 "What multiplies quantized weights: auto, tile, base3, dot or tl1")
      ->group(code)
      ->check(CLI::IsMember({"auto", "tile", "base3", "dot", "tl1"}))
      ->capture_default_str();
  app.add_flag("--tune", o.tune,
               "Measure the kernels of ternary weights on this machine and take the fastest")
      ->group(code);
  app.add_option("--max-context", o.maxContext,
                 "Positions of the KV cache; 0: what the model allows, at most 4096")
      ->group(code)
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();

  app.add_option("--kv", o.kv,
                 "Elements of the KV cache: f32, f16 or int8 (a scale for each head and position)")
      ->group(code)
      ->check(CLI::IsMember({"f32", "f16", "int8"}))
      ->capture_default_str();

  const char *output = "Output";
  app.add_option("--stop-after", o.stopAfter,
                 "Print the module after import, quantize, pack or lower; emit goes to the end")
      ->group(output)
      ->check(CLI::IsMember({"import", "quantize", "pack", "lower", "emit"}))
      ->capture_default_str();
  app.add_option("--emit", o.emit,
                 "artifact, mlir, llvm, asm, obj (one target), static-lib, c-header or "
                 "int6-safetensors: a checkpoint directory (artifact)")
      ->group(output)
      ->check(CLI::IsMember({"mlir", "llvm", "asm", "obj", "artifact", "static-lib", "c-header",
                             "int6-safetensors"}));
  app.add_flag("--json", o.json,
               "What was written, or the dry run's report, as JSON on standard "
               "output")
      ->group(output);
  app.add_option("-j", o.threads, "Threads; 0: one for each CPU")
      ->group(output)
      ->capture_default_str();

  try {
    app.parse(argc, argv);
    if (o.model.empty() && !o.listTargets)
      throw CLI::RequiredError("MODEL");
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return std::nullopt;
}

} // namespace lobit
