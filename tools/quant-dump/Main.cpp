/// \file
/// quant-dump: what is in a model.lobit, down to the byte.
#include "runtime/platform/File.h"
#include "tools/quant-dump/Annotate.h"
#include "tools/quant-dump/Tables.h"
#include "tools/support/Tool.h"

#include <CLI/CLI.hpp>

#include <cstdio>

using namespace lobit;

namespace {

struct DumpOptions {
  std::string model;
  bool sections = false, tensors = false, annotate = false, verify = false, json = false;
};

Status dump(const DumpOptions &options) {
  Result<platform::File> file = platform::File::open(options.model.c_str());
  if (!file.ok())
    return std::move(file).status().withContext(options.model);
  Result<platform::Mapping> mapping = platform::Mapping::map(*file);
  if (!mapping.ok())
    return std::move(mapping).status().withContext(options.model);
  const ByteView bytes = mapping->bytes();
  if (options.verify)
    if (Status status = verifyArtifact(bytes, VerifyLevel::Full); !status.ok())
      return std::move(status).withContext(options.model);
  Result<ArtifactView> artifact = ArtifactView::open(bytes, VerifyLevel::Structure);
  if (!artifact.ok())
    return std::move(artifact).status().withContext(options.model);

  std::string text;
  if (options.json) {
    text = artifactJson(*artifact);
  } else {
    if (options.verify)
      text += options.model + ": ok, " + std::to_string(bytes.size) + " bytes, root digest " +
              hexText(artifact->header().rootDigest) + "\n";
    const bool overview =
        !options.verify && !options.sections && !options.tensors && !options.annotate;
    if (overview)
      text += modelText(*artifact) + "\n" + sectionText(*artifact);
    if (options.sections)
      text += sectionText(*artifact);
    if (options.tensors)
      text += tensorText(*artifact);
    if (options.annotate)
      text += annotate(*artifact);
  }
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    return Status(StatusCode::IO, "standard output cannot be written");
  return Status();
}

} // namespace

int main(int argc, char **argv) {
  DumpOptions options;
  CLI::App app("Shows what is in a compiled model.", "quant-dump");
  app.set_version_flag("--version", versionText("quant-dump"));
  app.footer(kExitCodesHelp);
  app.add_option("model", options.model, "The artifact, model.lobit")->required();
  app.add_flag("--sections", options.sections, "The section table");
  app.add_flag("--tensors", options.tensors, "The weights: shape, scheme, layout, place");
  app.add_flag("--annotate", options.annotate, "Every byte: offset | bytes | field | value | note");
  app.add_flag("--verify", options.verify, "Check every digest, rule and weight code");
  app.add_flag("--json", options.json, "Everything as one JSON object");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const Status status = dump(options);
  return status.ok() ? 0 : reportError("quant-dump", status);
}
