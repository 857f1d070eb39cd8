#include "passes/Emit/StaticLibrary.h"
#include "passes/Emit/TargetMachine.h"

#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

#include <cctype>

namespace lobit {
namespace {

std::string quoted(const std::string &text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      result += '\\';
    result += c;
  }
  return result + "\"";
}

/// The data of the library as assembly: a lobit_embedded is {size of the struct, bytes,
/// size, code, number of codes}, a code is {isa, query}.
std::string dataAssembly(const std::string &artifactPath, const std::string &symbol,
                         const std::vector<EmbeddedObject> &objects) {
  std::string text = "\t.section .rodata.lobit,\"a\",@progbits\n"
                     "\t.balign 64\n"
                     ".Lbytes:\n\t.incbin " +
                     quoted(artifactPath) + "\n.Lend:\n";
  for (size_t i = 0; i < objects.size(); ++i)
    text += ".Lisa" + std::to_string(i) + ":\n\t.asciz \"" + findIsa(objects[i].isa)->word + "\"\n";
  text += "\t.section .data.rel.ro,\"aw\",@progbits\n\t.balign 8\n.Lcode:\n";
  for (size_t i = 0; i < objects.size(); ++i)
    text += "\t.quad .Lisa" + std::to_string(i) + "\n\t.quad " + objects[i].query + "\n";
  text += "\t.globl " + symbol + "\n\t.type " + symbol + ", @object\n" + symbol +
          ":\n\t.quad 40\n\t.quad .Lbytes\n\t.quad .Lend - .Lbytes\n\t.quad .Lcode\n\t.quad " +
          std::to_string(objects.size()) + "\n\t.size " + symbol + ", 40\n";
  return text;
}

Result<std::string> assemble(const std::string &text, Isa isa) {
  std::string error;
  std::unique_ptr<llvm::TargetMachine> machine = createTargetMachine(*findIsa(isa), error);
  if (!machine)
    return Status(StatusCode::INTERNAL, error);
  llvm::LLVMContext context;
  llvm::Module module("lobit", context);
  module.setTargetTriple(machine->getTargetTriple().str());
  module.setDataLayout(machine->createDataLayout());
  module.setModuleInlineAsm(text);
  llvm::SmallString<0> bytes;
  llvm::raw_svector_ostream out(bytes);
  llvm::legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, out, nullptr, llvm::CodeGenFileType::ObjectFile))
    return Status(StatusCode::INTERNAL, "the target cannot write object files");
  passes.run(module);
  return std::string(bytes.str());
}

} // namespace

Result<std::string> makeStaticLibrary(const std::string &artifactPath, const std::string &symbol,
                                      const std::vector<EmbeddedObject> &objects) {
  Result<std::string> data =
      assemble(dataAssembly(artifactPath, symbol, objects), objects.front().isa);
  if (!data.ok())
    return data;
  std::vector<std::string> names = {symbol + ".o"};
  for (const EmbeddedObject &object : objects)
    names.push_back(symbol + "_" + findIsa(object.isa)->word + ".o");
  std::vector<llvm::NewArchiveMember> members;
  members.emplace_back(llvm::MemoryBufferRef(*data, names[0]));
  for (size_t i = 0; i < objects.size(); ++i)
    members.emplace_back(llvm::MemoryBufferRef(objects[i].object, names[i + 1]));
  llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> archive =
      llvm::writeArchiveToBuffer(members, llvm::SymtabWritingMode::NormalSymtab,
                                 llvm::object::Archive::K_GNU, /*Deterministic=*/true,
                                 /*Thin=*/false);
  if (!archive)
    return Status(StatusCode::INTERNAL,
                  "cannot write the archive: " + llvm::toString(archive.takeError()));
  return (*archive)->getBuffer().str();
}

std::string embeddedHeader(const std::string &symbol, const std::string &model) {
  std::string guard;
  for (char c : symbol)
    guard += char(std::toupper(static_cast<unsigned char>(c)));
  return "/* The model " + model +
         ", linked into the program (quant-compile --emit=static-lib).\n"
         " * Open it with lobit_model_open_embedded(&" +
         symbol +
         ", ...). */\n"
         "#ifndef " +
         guard + "_H\n#define " + guard +
         "_H\n\n#include <lobit/runtime.h>\n\n"
         "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
         "extern const lobit_embedded " +
         symbol + ";\n\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
}

std::string embeddedSymbol(const std::string &modelPath) {
  std::string path = modelPath;
  while (path.size() > 1 && path.back() == '/')
    path.pop_back();
  std::string name = path.substr(path.rfind('/') + 1);
  if (const size_t dot = name.rfind(".mlir"); dot != std::string::npos && dot > 0)
    name.resize(dot);
  std::string symbol = "lobit_model_";
  for (char c : name)
    symbol += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return symbol;
}

} // namespace lobit
