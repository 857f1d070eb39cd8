/// \file
/// Makes small checkpoints, good and bad, for the tests of the readers.
#ifndef LOBIT_TEST_PASSES_IMPORT_CHECKPOINTTESTING_H
#define LOBIT_TEST_PASSES_IMPORT_CHECKPOINTTESTING_H

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lobit::test {

/// A directory of its own for each test; removed with its files at the end.
class TemporaryDirectory {
public:
  TemporaryDirectory() {
    std::string pattern = "/tmp/lobit-import-XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() { remove(path_); }
  TemporaryDirectory(const TemporaryDirectory &) = delete;
  TemporaryDirectory &operator=(const TemporaryDirectory &) = delete;

  const std::string &path() const { return path_; }
  std::string write(const std::string &name, const std::string &content) const {
    std::ofstream(path_ + "/" + name, std::ios::binary) << content;
    return path_ + "/" + name;
  }

private:
  static void remove(const std::string &path) {
    if (DIR *directory = opendir(path.c_str())) {
      while (dirent *entry = readdir(directory)) {
        std::string name = entry->d_name;
        if (name != "." && name != "..")
          remove(path + "/" + name);
      }
      closedir(directory);
    }
    std::remove(path.c_str());
  }

  std::string path_;
};

/// A safetensors file: length, header, data.
inline std::string safetensors(const std::string &header, const std::string &data) {
  std::string file;
  for (unsigned i = 0; i < 8; ++i)
    file.push_back(char(uint64_t(header.size()) >> (8 * i)));
  return file + header + data;
}

struct TestTensor {
  std::string dtype;
  std::vector<uint64_t> shape;
  std::string data;
};

/// The tensors one after the other, in the order of their names. `metadata` is the JSON of
/// __metadata__, if there is to be one.
inline std::string safetensors(const std::map<std::string, TestTensor> &tensors,
                               const std::string &metadata = "") {
  std::string header = "{", data;
  if (!metadata.empty())
    header += "\"__metadata__\":" + metadata;
  for (const auto &[name, tensor] : tensors) {
    header += std::string(header.size() > 1 ? "," : "") + "\"" + name + "\":{\"dtype\":\"" +
              tensor.dtype + "\",\"shape\":[";
    for (size_t i = 0; i < tensor.shape.size(); ++i)
      header += (i ? "," : "") + std::to_string(tensor.shape[i]);
    header += "],\"data_offsets\":[" + std::to_string(data.size()) + "," +
              std::to_string(data.size() + tensor.data.size()) + "]}";
    data += tensor.data;
  }
  return safetensors(header + "}", data);
}

/// `text` with the first occurrence of `from` replaced.
inline std::string replaced(std::string text, const std::string &from, const std::string &to) {
  size_t at = text.find(from);
  if (at == std::string::npos)
    std::abort();
  return text.replace(at, from.size(), to);
}

} // namespace lobit::test

#endif // LOBIT_TEST_PASSES_IMPORT_CHECKPOINTTESTING_H
