// Every system call fails in turn, in every way: the target is old or new, nothing else
// is left.
#include "passes/Emit/AtomicFile.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <fstream>
#include <set>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace lobit;

namespace {

class Folder {
public:
  Folder() {
    char name[] = "/tmp/lobit-output-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() {
    for (const std::string &file : files())
      unlink((path + "/" + file).c_str());
    rmdir(path.c_str());
  }
  std::set<std::string> files() const {
    std::set<std::string> names;
    DIR *entries = opendir(path.c_str());
    while (dirent *entry = readdir(entries))
      if (std::string(entry->d_name) != "." && std::string(entry->d_name) != "..")
        names.insert(entry->d_name);
    closedir(entries);
    return names;
  }
  std::string path;
};

std::string readAll(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Fails call number `failing` with `error`; 0 means a write of one byte only.
class FaultyFileSystem : public FileSystem {
public:
  int failing = -1, error = 0, calls = 0;
  std::string trace;

  int open(const std::string &path, int flags, mode_t mode) override {
    return fails("open ") ? -1 : FileSystem::open(path, flags, mode);
  }
  ssize_t pwrite(int file, const uint8_t *bytes, size_t size, off_t offset) override {
    if (fails("pwrite "))
      return -1;
    return FileSystem::pwrite(file, bytes, isShort() ? 1 : size, offset);
  }
  int ftruncate(int file, off_t size) override {
    return fails("ftruncate ") ? -1 : FileSystem::ftruncate(file, size);
  }
  int fsync(int file) override { return fails("fsync ") ? -1 : FileSystem::fsync(file); }
  int close(int file) override {
    int result = FileSystem::close(file);
    return fails("close ") ? -1 : result;
  }
  int rename(const std::string &from, const std::string &to) override {
    return fails("rename ") ? -1 : FileSystem::rename(from, to);
  }
  int unlink(const std::string &path) override {
    trace += "unlink ";
    return FileSystem::unlink(path);
  }

private:
  bool isShort() const { return calls - 1 == failing && error == 0; }
  bool fails(const char *name) {
    trace += name;
    if (calls++ != failing || error == 0)
      return false;
    errno = error;
    return true;
  }
};

Status writeThrough(const std::string &path, FileSystem &fileSystem, const std::string &text) {
  Result<std::unique_ptr<AtomicFile>> file = AtomicFile::create(path, fileSystem);
  if (!file.ok())
    return std::move(file).status();
  const uint8_t *bytes = reinterpret_cast<const uint8_t *>(text.data());
  // Out of order, as the header of an artifact is written last.
  if (Status status = (*file)->write(4, bytes + 4, text.size() - 4); !status.ok())
    return status;
  if (Status status = (*file)->write(0, bytes, 4); !status.ok())
    return status;
  return (*file)->commit();
}

TEST(AtomicFile, WritesSyncsRenamesAndSyncsTheFolder) {
  Folder folder;
  FaultyFileSystem fileSystem;
  ASSERT_TRUE(writeThrough(folder.path + "/model.lobit", fileSystem, "new content").ok());
  EXPECT_EQ(readAll(folder.path + "/model.lobit"), "new content");
  EXPECT_EQ(fileSystem.trace, "open pwrite pwrite fsync close rename open fsync close ");
  EXPECT_EQ(folder.files(), std::set<std::string>{"model.lobit"});
}

TEST(AtomicFile, MovesBothWaysAndCuts) {
  Folder folder;
  FaultyFileSystem fileSystem;
  auto file = std::move(AtomicFile::create(folder.path + "/moved", fileSystem).value());
  std::string text(5'000'000, 0); // more than one buffer
  for (size_t i = 0; i < text.size(); ++i)
    text[i] = char(i * 7 + i / 251);
  std::string found(text.size(), 0);
  auto *bytes = reinterpret_cast<uint8_t *>(text.data());
  auto *read = reinterpret_cast<uint8_t *>(found.data());
  ASSERT_TRUE(file->write(1000, bytes, text.size()).ok());
  uint64_t from = 1000;
  for (uint64_t to : {5000u, 17u}) {
    ASSERT_TRUE(file->move(from, to, text.size()).ok());
    ASSERT_TRUE(file->read(to, read, text.size()).ok());
    EXPECT_TRUE(found == text) << to;
    from = to;
  }
  EXPECT_EQ(file->size(), 5000 + text.size());
  ASSERT_TRUE(file->truncate(1017).ok());
  EXPECT_EQ(file->size(), 1017u);
  EXPECT_NE(file->read(17, read, 1001).message().find("cannot read"), std::string::npos);
  ASSERT_TRUE(file->commit().ok());
  EXPECT_EQ(readAll(folder.path + "/moved").substr(17), text.substr(0, 1000));
  fileSystem.failing = fileSystem.calls + 1;
  fileSystem.error = EIO;
  auto other = std::move(AtomicFile::create(folder.path + "/other", fileSystem).value());
  EXPECT_NE(other->truncate(1).message().find("cannot cut"), std::string::npos);
}

TEST(AtomicFile, EveryFailureLeavesTheOldFileOrTheNewOne) {
  const std::string oldText = "old", newText = "new content";
  for (bool exists : {false, true})
    for (int error : {ENOSPC, EIO, EDQUOT, EACCES, EROFS, EINTR, 0}) {
      for (int failing = 0;; ++failing) {
        Folder folder;
        const std::string path = folder.path + "/model.lobit";
        if (exists)
          std::ofstream(path) << oldText;
        FaultyFileSystem fileSystem;
        fileSystem.failing = failing;
        fileSystem.error = error;
        Status status = writeThrough(path, fileSystem, newText);
        const std::set<std::string> files = folder.files();
        const bool renamed = readAll(path) == newText;
        if (!renamed) {
          EXPECT_EQ(files.size(), exists ? 1u : 0u) << strerror(error) << " at " << failing;
          if (exists) {
            EXPECT_EQ(readAll(path), oldText);
          }
          EXPECT_EQ(status.code(), StatusCode::IO);
          EXPECT_NE(status.message().find(path), std::string::npos) << status.message();
          EXPECT_NE(status.message().find("was not written"), std::string::npos);
        } else {
          EXPECT_EQ(files, std::set<std::string>{"model.lobit"});
          // Only the folder's fsync may fail now; the message says that the file is there.
          if (!status.ok()) {
            EXPECT_NE(status.message().find("was written"), std::string::npos);
          }
        }
        if (fileSystem.calls <= failing)
          break;
      }
    }
}

TEST(AtomicFile, WithoutCommitNothingIsLeft) {
  Folder folder;
  {
    auto file = AtomicFile::create(folder.path + "/model.lobit");
    ASSERT_TRUE(file.ok());
    const uint8_t byte = 1;
    ASSERT_TRUE((*file)->write(0, &byte, 1).ok());
    EXPECT_EQ(folder.files().size(), 1u);
  }
  EXPECT_TRUE(folder.files().empty());
}

TEST(AtomicFile, RemovesWhatAKilledProcessLeft) {
  Folder folder;
  // The largest process id is far below.
  std::ofstream(folder.path + "/.model.lobit.999999999.tmp") << "left";
  std::ofstream(folder.path + "/.other.999999999.tmp") << "not ours";
  ASSERT_TRUE(writeFile(folder.path + "/model.lobit", "x", 1).ok());
  EXPECT_EQ(folder.files(), (std::set<std::string>{".other.999999999.tmp", "model.lobit"}));
}

TEST(AtomicFile, FullDevice) {
  Status status = writeFile("/dev/full", "content", 7);
  EXPECT_EQ(status.code(), StatusCode::IO);
  EXPECT_NE(status.message().find("No space left on device"), std::string::npos)
      << status.message();
  struct stat device;
  ASSERT_EQ(stat("/dev/full", &device), 0);
  EXPECT_TRUE(S_ISCHR(device.st_mode)); // still the device
}

TEST(AtomicFile, DevicesReceiveTheBytesInOrder) {
  EXPECT_TRUE(writeFile("/dev/null", "content", 7).ok());
  Folder folder;
  const std::string path = folder.path + "/pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  int reader = open(path.c_str(), O_RDONLY | O_NONBLOCK);
  FileSystem fileSystem;
  ASSERT_TRUE(writeThrough(path, fileSystem, "ordered bytes").ok());
  char text[32] = {};
  EXPECT_EQ(read(reader, text, sizeof text), 13);
  EXPECT_STREQ(text, "ordered bytes");
  close(reader);
}

TEST(AtomicFile, FoldersAndMissingFoldersAreRefused) {
  Folder folder;
  Status status = writeFile(folder.path, "x", 1);
  EXPECT_NE(status.message().find("Is a directory"), std::string::npos) << status.message();
  status = writeFile(folder.path + "/none/model.lobit", "x", 1);
  EXPECT_NE(status.message().find("No such file or directory"), std::string::npos);
  status = writeFile("/proc/model.lobit", "x", 1);
  EXPECT_EQ(status.code(), StatusCode::IO);
}

} // namespace
