/// \file
/// quant-bench: models and kernels beside the limits of the machine.
#include "tools/quant-bench/KernelBench.h"
#include "tools/quant-bench/ModelBench.h"
#include "tools/quant-bench/Plot.h"
#include "tools/support/OutputFile.h"
#include "tools/support/Tool.h"

#include <cstdio>

using namespace lobit;

static const char *const kTool = "quant-bench";

static Status writePlot(const std::string &path, const std::string &text) {
  Result<OutputFile> file = OutputFile::create(path);
  if (!file.ok())
    return std::move(file).status();
  if (Status status = file->write(text.data(), text.size()); !status.ok())
    return status;
  return file->commit();
}

int main(int argc, char **argv) {
  BenchOptions options;
  if (std::optional<int> exitCode = parseBenchOptions(argc, argv, options))
    return *exitCode;
  if (!options.model.empty())
    if (Status status = chooseModelIsa(options); !status.ok())
      return reportError(kTool, status);
  Result<Roofline> roofline = Roofline::measure(options.threads, options.isas,
                                                options.readMegabytes << 20, options.repetitions);
  if (!roofline.ok())
    return reportError(kTool, roofline.status());
  std::vector<BenchRow> rows;
  ModelFacts model;
  Status status = options.model.empty() ? benchKernels(options, *roofline, rows)
                                        : benchModel(options, *roofline, rows, model);
  if (!status.ok())
    return reportError(kTool, status);
  const MachineFacts machine = machineFacts();
  if (options.json) {
    nlohmann::json report = jsonReport(machine, *roofline, rows);
    if (!options.model.empty())
      report["model"] = jsonReport(model);
    printf("%s\n", report.dump(1).c_str());
  } else {
    printf("%s%s%s", machineText(machine, *roofline).c_str(),
           options.model.empty() ? "" : textReport(model).c_str(), rowsText(rows).c_str());
  }
  if (!options.plot.empty())
    if (Status written = writePlot(options.plot, rooflinePlot(machine, *roofline, rows));
        !written.ok())
      return reportError(kTool, written);
  if (fflush(stdout) != 0 || ferror(stdout))
    return reportError(kTool, Status(StatusCode::IO, "standard output cannot be written"));
  return 0;
}
