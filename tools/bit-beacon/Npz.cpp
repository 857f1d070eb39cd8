#include "tools/bit-beacon/Npz.h"
#include "tools/support/NpyNumbers.h"
#include "tools/support/OutputFile.h"
#include "tools/support/Tool.h"

#include <algorithm>
#include <cmath>
#include <zip.h>

namespace lobit {
namespace {

/// Of one array; a zip can claim any size.
constexpr uint64_t kMaxEntryBytes = 1ull << 30;
constexpr zip_uint16_t kDosTime = 0, kDosDate1980 = 1 << 5 | 1; // 1980-01-01 00:00

struct ZipError {
  zip_error_t error;
  ZipError() { zip_error_init(&error); }
  ~ZipError() { zip_error_fini(&error); }
};

class ZipReader {
public:
  ~ZipReader() {
    if (archive_)
      zip_discard(archive_);
  }
  /// Borrows the bytes.
  Status open(const std::string &path, const std::string &bytes) {
    path_ = path;
    ZipError error;
    zip_source_t *source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error.error);
    archive_ =
        source ? zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error.error) : nullptr;
    if (!archive_) {
      Status status(StatusCode::MALFORMED,
                    path + ": is no .npz file: " + zip_error_strerror(&error.error));
      zip_source_free(source);
      return status;
    }
    return {};
  }

  Status read(const char *name, NpyNumbers &numbers) {
    const std::string entry = std::string(name) + ".npy", place = path_ + ": " + entry;
    zip_stat_t info;
    if (zip_stat(archive_, entry.c_str(), 0, &info) != 0)
      return Status(StatusCode::MISSING,
                    path_ + ": there is no array " + name + "; expected mu, Sigma, W, t0 and t1");
    if (!(info.valid & ZIP_STAT_SIZE) || info.size > kMaxEntryBytes)
      return Status(StatusCode::RESOURCE_LIMIT, place + ": is larger than 1 GiB");
    std::vector<uint8_t> bytes(info.size);
    zip_file_t *file = zip_fopen(archive_, entry.c_str(), 0);
    uint64_t got = 0;
    while (file && got < bytes.size()) {
      const zip_int64_t part = zip_fread(file, bytes.data() + got, bytes.size() - got);
      if (part <= 0)
        break;
      got += uint64_t(part);
    }
    uint8_t more;
    const bool good = file && got == bytes.size() && zip_fread(file, &more, 1) == 0;
    if ((file && zip_fclose(file) != 0) || !good)
      return Status(StatusCode::MALFORMED, place + ": cannot be unpacked");
    Result<NpyNumbers> parsed = parseNpyNumbers({bytes.data(), bytes.size()});
    if (!parsed.ok())
      return std::move(parsed).status().withContext(place);
    numbers = std::move(parsed).value();
    for (size_t i = 0; i < numbers.values.size(); ++i)
      if (!std::isfinite(numbers.values[i]))
        return Status(StatusCode::NONFINITE,
                      place + ": element " + std::to_string(i) + " is not finite");
    return {};
  }

  Status readScalar(const char *name, double &value) {
    NpyNumbers numbers;
    if (Status status = read(name, numbers); !status.ok())
      return status;
    if (numbers.values.size() != 1)
      return Status(StatusCode::MISMATCH, path_ + ": " + name + " has " +
                                              std::to_string(numbers.values.size()) +
                                              " elements, expected one");
    value = numbers.values[0];
    return {};
  }

private:
  std::string path_;
  zip_t *archive_ = nullptr;
};

} // namespace

Result<SclGaussian> readScl(const std::string &path) {
  Result<std::string> bytes = readTextFile(path);
  if (!bytes.ok())
    return std::move(bytes).status();
  ZipReader zip;
  NpyNumbers mu, sigma;
  SclGaussian gaussian;
  Status status = zip.open(path, *bytes);
  if (status.ok())
    status = zip.read("mu", mu);
  if (status.ok())
    status = zip.read("Sigma", sigma);
  if (status.ok())
    status = zip.readScalar("W", gaussian.weight);
  if (status.ok())
    status = zip.readScalar("t0", gaussian.t0);
  if (status.ok())
    status = zip.readScalar("t1", gaussian.t1);
  if (!status.ok())
    return status;
  const uint64_t dim = mu.values.size();
  if (mu.dims.size() != 1 || dim == 0)
    return Status(StatusCode::MISMATCH, path + ": mu is not one-dimensional");
  if (sigma.dims != std::vector<uint64_t>{dim, dim})
    return Status(StatusCode::MISMATCH, path + ": Sigma is not [" + std::to_string(dim) + ", " +
                                            std::to_string(dim) + "] as mu needs");
  gaussian.mu = std::move(mu.values);
  gaussian.sigma = std::move(sigma.values);
  return gaussian;
}

Status writeScl(const std::string &path, const SclGaussian &gaussian) {
  const uint64_t dim = gaussian.mu.size();
  const std::pair<const char *, std::string> entries[] = {
      {"mu.npy", npyF64({dim}, gaussian.mu)},
      {"Sigma.npy", npyF64({dim, dim}, gaussian.sigma)},
      {"W.npy", npyF64({}, {gaussian.weight})},
      {"t0.npy", npyF64({}, {gaussian.t0})},
      {"t1.npy", npyF64({}, {gaussian.t1})}};
  ZipError error;
  zip_source_t *target = zip_source_buffer_create(nullptr, 0, 0, &error.error);
  zip_t *archive = target ? zip_open_from_source(target, ZIP_TRUNCATE, &error.error) : nullptr;
  const auto failed = [&] { return Status(StatusCode::IO, path + ": the archive cannot be made"); };
  if (!archive)
    return failed();
  zip_source_keep(target);
  bool good = true;
  for (const auto &[name, bytes] : entries) {
    zip_source_t *source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
    const zip_int64_t index = zip_file_add(archive, name, source, 0);
    good = good && index >= 0 &&
           zip_set_file_compression(archive, zip_uint64_t(index), ZIP_CM_STORE, 0) == 0 &&
           zip_file_set_dostime(archive, zip_uint64_t(index), kDosTime, kDosDate1980, 0) == 0;
  }
  good = good && zip_close(archive) == 0 && zip_source_open(target) == 0;
  zip_stat_t info;
  zip_stat_init(&info);
  good = good && zip_source_stat(target, &info) == 0;
  std::vector<uint8_t> bytes(good ? info.size : 0);
  good = good && zip_source_read(target, bytes.data(), bytes.size()) == zip_int64_t(bytes.size());
  zip_source_free(target);
  if (!good)
    return failed();
  Result<OutputFile> file = OutputFile::create(path);
  if (!file.ok())
    return std::move(file).status();
  if (Status status = file->write(bytes.data(), bytes.size()); !status.ok())
    return status;
  return file->commit();
}

} // namespace lobit
